package io.millrace.reactor;

/**
 * When a reactor that is awake looks at messages and descriptors. That is a system call, the most
 * of what a tick takes, and a request that comes meanwhile waits for it. Data-path code.
 */
final class MessagePace {
  /**
   * How long messages run before the pollers have their turn again, in nanoseconds. Whoever sends
   * may run on this core and send the next as soon as one is answered: that has no end by itself.
   */
  static final long TURN_NANOS = 10_000;

  /** Between two looks where all pollers are looked at anyway: fewer than one request in 100. */
  static final long GAP_NANOS = 100_000;

  /** Where some rest: what wakes them comes this way, and a sleeping reactor wakes in so long. */
  static final long RESTING_GAP_NANOS = 32_000;

  private long lookedNanos;
  private boolean found = true; // something, by the last look: who sent may send more

  /**
   * Whether a look is due.
   *
   * @param restingCount pollers that wait for a wake-up
   */
  boolean isDue(long now, int restingCount) {
    long gap = restingCount > 0 ? RESTING_GAP_NANOS : GAP_NANOS;
    return found || now - lookedNanos >= gap;
  }

  /**
   * There was a look.
   *
   * @param ran tasks that it ran, or descriptors that were ready
   */
  void looked(long now, int ran) {
    lookedNanos = now;
    found = ran > 0;
  }
}
