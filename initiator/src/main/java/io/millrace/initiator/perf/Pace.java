package io.millrace.initiator.perf;

/**
 * When requests are due ({@code --rate_iops}): at equal distances, as fio's linear process has
 * them, each direction by its own clock. Data path; one thread.
 *
 * <p>A request that could not begin in time begins as soon as it can, so that the rate is held over
 * a hiccup. What is later than {@link #MOST_BEHIND_NANOS} is given up: after a pause, of the device
 * or of this process, a burst would measure itself.
 */
final class Pace {
  /** Largest delay that is made up for. */
  static final long MOST_BEHIND_NANOS = 10_000_000;

  private static final long SECOND = 1_000_000_000;

  private final int rate;
  private final long[] second = new long[Direction.COUNT]; // when its present second began
  private final int[] begun = new int[Direction.COUNT]; // requests of that second

  /**
   * A schedule, before it begins.
   *
   * @param rate requests a second of each direction; 0 for as fast as the device can
   */
  Pace(int rate) {
    this.rate = rate;
  }

  /** Whether there is a rate to keep. */
  boolean isOn() {
    return rate > 0;
  }

  /** Begins: the first request of each direction is due now. */
  void begin(long nowNanos) {
    for (int i = 0; i < second.length; i++) {
      second[i] = nowNanos;
      begun[i] = 0;
    }
  }

  /** Whether a request is due; if so, the next one is due an interval later. */
  boolean take(Direction direction, long nowNanos) {
    if (rate == 0) {
      return true;
    }
    int i = direction.ordinal();
    long behind = nowNanos - second[i] - begun[i] * SECOND / rate;
    if (behind < 0) {
      return false;
    }
    if (behind > MOST_BEHIND_NANOS) {
      second[i] = nowNanos;
      begun[i] = 0;
    }
    if (++begun[i] == rate) { // whole seconds, so that no rounding adds up
      second[i] += SECOND;
      begun[i] = 0;
    }
    return true;
  }
}
