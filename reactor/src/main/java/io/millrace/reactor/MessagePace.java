package io.millrace.reactor;

/**
 * When a reactor that is awake looks at messages and descriptors. That is a system call, the most
 * of what a tick takes, and a request that comes meanwhile waits for it. So it looks when it was
 * sent a message, and now and then for what others have to say: sockets, timers, kicks. Data-path
 * code; the reactor's thread, but for {@link #sent}.
 */
final class MessagePace {
  /**
   * How long messages run before the pollers have their turn again, in nanoseconds. Whoever sends
   * may run on this core and send the next as soon as one is answered: that has no end by itself.
   */
  static final long TURN_NANOS = 10_000;

  /**
   * Between two looks where all pollers are looked at anyway: fewer than one request in 100, also
   * where two cores are so far apart that each takes 2 us.
   */
  static final long GAP_NANOS = 250_000;

  /** Where some rest: what wakes them comes this way, and a sleeping reactor wakes in so long. */
  static final long RESTING_GAP_NANOS = 32_000;

  private long lookedNanos;
  private boolean found = true; // something, by the last look: who sent may send more
  private volatile boolean sent;

  /** A message was sent: it is not to wait for the next gap's end. Any thread. */
  void sent() {
    sent = true;
  }

  /**
   * Whether a look is due; then it begins, at what was sent so far.
   *
   * @param restingCount pollers that wait for a wake-up
   */
  boolean begins(long now, int restingCount) {
    if (sent) {
      sent = false;
      return true;
    }
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
