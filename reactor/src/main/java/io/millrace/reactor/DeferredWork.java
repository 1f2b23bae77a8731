package io.millrace.reactor;

import org.jspecify.annotations.Nullable;

/** What waits for the end of a reactor's round, in the order it came. Data-path code. */
final class DeferredWork {
  private final Guard guard;
  private final StretchClock clock;
  private @Nullable Deferral first;
  private @Nullable Deferral last; // of no meaning where there is no first

  DeferredWork(Guard guard, StretchClock clock) {
    this.guard = guard;
    this.clock = clock;
  }

  /** Adds what is not there yet. */
  void add(Deferral deferral) {
    deferral.listed = true;
    Deferral before = last;
    if (first == null || before == null) {
      first = deferral;
    } else {
      before.next = deferral;
    }
    last = deferral;
  }

  boolean any() {
    return first != null;
  }

  /**
   * Runs all of it, and what is added meanwhile. The JVM may tell of a memory fault late, between
   * two of them: so each stays the first until it has run, and runs once more rather than never.
   */
  void run() {
    Deferral deferral = first;
    while (deferral != null) {
      clock.begin();
      deferral.asked = false;
      guard.endOfRound(deferral.work);
      first = deferral.next;
      deferral.next = null;
      deferral.listed = false;
      if (deferral.asked) {
        add(deferral);
      }
      deferral = first;
    }
  }
}
