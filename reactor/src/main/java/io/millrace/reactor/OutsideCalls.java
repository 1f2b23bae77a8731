package io.millrace.reactor;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * System calls of a reactor's thread that another process may keep from returning. One other
 * thread, the watcher, looks now and then whether it did. Data-path code: two stores a call.
 */
public final class OutsideCalls {
  private final AtomicInteger progress = new AtomicInteger(); // odd while a call has not returned
  private int seen; // by the watcher

  OutsideCalls() {}

  /** The thread makes one now. */
  public void begin() {
    progress.setRelease(progress.getPlain() + 1);
  }

  /** It returned. */
  public void end() {
    progress.setRelease(progress.getPlain() + 1);
  }

  /** Whether the call that was under way at the last look still is. Watcher. */
  public boolean look() {
    boolean held = isHeld();
    seen = progress.getAcquire();
    return held;
  }

  /** Whether the call of the last look is still under way, without being a look. Watcher. */
  public boolean isHeld() {
    int now = progress.getAcquire();
    return now == seen && (now & 1) != 0;
  }
}
