package io.millrace.reactor;

import java.util.Arrays;

/** What waits for the end of a reactor's round, in the order it came. Data-path code. */
final class DeferredWork {
  private final Guard guard;
  private final StretchClock clock;
  private Deferred[] waiting = new Deferred[64];
  private int count;

  DeferredWork(Guard guard, StretchClock clock) {
    this.guard = guard;
    this.clock = clock;
  }

  void add(Deferred work) {
    if (count == waiting.length) {
      waiting = Arrays.copyOf(waiting, count * 2);
    }
    waiting[count++] = work;
  }

  boolean any() {
    return count > 0;
  }

  /** Runs all of it, and what is added meanwhile. */
  void run() {
    for (int i = 0; i < count; i++) {
      clock.begin();
      guard.endOfRound(waiting[i]);
    }
    count = 0;
  }
}
