package io.millrace.virtqueue;

import io.millrace.live.migration.DirtyLog;
import org.jspecify.annotations.Nullable;

/**
 * Stores of one queue, told to a dirty log while there is one: free while there is none. The
 * queue's thread. No other class of the product is a {@link GuestWrites}: so the compiler knows
 * whom it calls.
 */
public final class SwitchedWrites implements GuestWrites {
  /** Nobody ever wants to know. */
  public static final GuestWrites UNTRACKED = new SwitchedWrites();

  private @Nullable LoggedWrites log;

  /** Nobody wants to know yet. */
  public SwitchedWrites() {}

  /**
   * Has a log know of what is stored from now on, or nobody.
   *
   * @param dirty the log, or null
   * @param map where the queue stores
   */
  public void to(@Nullable DirtyLog dirty, GuestMemoryMap map) {
    log = dirty == null || map.regions().isEmpty() ? null : map.loggedIn(dirty);
  }

  @Override
  public void wrote(long hostAddress, long bytes) {
    LoggedWrites to = log;
    if (to != null) {
      to.wrote(hostAddress, bytes);
    }
  }

  @Override
  public void wroteAmong(long hostAddress, long bytes) {
    LoggedWrites to = log;
    if (to != null) {
      to.wroteAmong(hostAddress, bytes);
    }
  }

  @Override
  public void flush() {
    LoggedWrites to = log;
    if (to != null) {
      to.flush();
    }
  }

  @Override
  public boolean costs() {
    return log != null;
  }
}
