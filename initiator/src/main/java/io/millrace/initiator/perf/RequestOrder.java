package io.millrace.initiator.perf;

/**
 * Which request comes next, and whether it is time for it: a pattern up to a limit, at a pace. Also
 * keeps the slots that have nothing to do until then. Data path; one thread.
 */
final class RequestOrder {
  private final LoadPattern pattern;
  private final Pace pace;
  private final int[] idle;
  private int idleCount;
  private long limit;
  private long issued;
  private boolean drawn; // the pattern is at a request that is not due yet

  /**
   * An order, before it begins.
   *
   * @param pattern what to do; begun anew by its owner for each pass
   * @param depth slots
   */
  RequestOrder(LoadPattern pattern, Pace pace, int depth) {
    this.pattern = pattern;
    this.pace = pace;
    idle = new int[depth];
  }

  /** Begins a phase of at most {@code requests}; every slot is in use or about to be. */
  void begin(long requests, long nowNanos) {
    limit = requests;
    issued = 0;
    drawn = false;
    idleCount = 0;
    pace.begin(nowNanos);
  }

  /** Requests gone to in this phase. */
  long issued() {
    return issued;
  }

  /** Whether there is a rate to keep. */
  boolean isPaced() {
    return pace.isOn();
  }

  /** Goes to the next request whenever it is due; false at the end of the phase. */
  boolean next() {
    if (issued == limit) {
      return false;
    }
    pattern.next();
    issued++;
    return true;
  }

  /** Goes to the next request; false at the end of the phase, or while none is due. */
  boolean nextDue(long nowNanos) {
    if (issued == limit) {
      return false;
    }
    if (!drawn) {
      pattern.next();
      drawn = true;
    }
    if (!pace.take(pattern.direction(), nowNanos)) {
      return false;
    }
    drawn = false;
    issued++;
    return true;
  }

  /** Keeps a slot that has nothing to do. */
  void park(int slot) {
    idle[idleCount++] = slot;
  }

  /** Whether a request has a slot and waits for its time. */
  boolean isWaiting() {
    return idleCount > 0 && issued < limit;
  }

  /** The slot that was kept last; there is one while {@link #isWaiting}. */
  int parked() {
    return idle[idleCount - 1];
  }

  /** Lets go of that slot. */
  void unpark() {
    idleCount--;
  }
}
