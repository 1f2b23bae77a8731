package io.millrace.reactor;

/**
 * How long after its last work somebody is looked at, before the other side has to wake us: learned
 * from the pauses there were. Data-path code, without a clock of its own.
 *
 * <p>To look costs the time it takes, to be woken a fixed price ({@link WakeUpPrice}). Nobody knows
 * how long a pause will be; whoever looks as long as a wake-up costs never pays more than twice
 * what a clairvoyant would (ski rental). Most pauses resemble those before them, though, so each of
 * a few windows is kept account of: what would the last pauses have cost with it? The cheapest is
 * taken. A queue that is asked each 10 ms is so not looked for at all, one that is asked each 80 µs
 * all the time.
 *
 * <p>A guest may choose its pauses such that the past misleads. Hence the credit: a window is only
 * chosen by the past while all such choices together have cost at most a quarter more than the
 * window of one price would have. So for every sequence of pauses the cost is at most {@value
 * #WORST_RATIO} times the clairvoyant's.
 *
 * <p>The request path pays nothing for it: pauses shorter than a tick are none, so a busy queue
 * costs two stores a tick, and an account is kept of pauses only.
 */
final class PollWindow {
  /** No sequence of pauses costs more than this times what a clairvoyant would pay. */
  static final double WORST_RATIO = 2.5;

  /** The windows to choose from, in eighths of the price of a wake-up. */
  private static final int[] EIGHTHS = {0, 1, 2, 4, 8, 16};

  private static final int EIGHTH_SHIFT = 3;

  /** The one that is as long as a wake-up costs. */
  private static final int EVEN = 4;

  /** A pause counts for 1/16 less with each one after it. */
  private static final int FORGET_SHIFT = 4;

  /** A quarter: what the choices may cost beyond {@link #EVEN}. */
  private static final int ALLOWANCE_SHIFT = 2;

  /** Savings that count as credit, in prices: how long a calm past excuses a bad present. */
  private static final int MOST_CREDIT = 16;

  private final long[] costs = new long[EIGHTHS.length]; // of each window, for the last pauses
  private int chosen = EVEN;
  private long nanos;
  private long creditNanos;
  private long lastWorkNanos;
  private long openedNanos;
  private boolean inPause;
  private boolean slept;

  /**
   * A window that is open.
   *
   * @param priceNanos of a wake-up
   */
  PollWindow(long now, long priceNanos) {
    lastWorkNanos = now;
    openedNanos = now;
    nanos = priceNanos;
  }

  /** When there was work last, as far as {@link #isOpen} was told. */
  long lastWorkNanos() {
    return lastWorkNanos;
  }

  /** How long it is open after work. */
  long nanos() {
    return nanos;
  }

  /**
   * To be called once a tick.
   *
   * @param worked whether there was work since the last call
   * @return whether it pays to go on looking
   */
  boolean isOpen(long now, boolean worked, long priceNanos) {
    if (worked) {
      if (inPause) {
        inPause = false;
        // The wake-up is no part of the pause: a guest that waits for it would seem to be slow, and
        // never be looked for again.
        long wakeUp = slept ? WakeUpPrice.latency(priceNanos) : 0;
        slept = false;
        learn(Math.max(0, now - lastWorkNanos - wakeUp), priceNanos);
      }
      lastWorkNanos = now;
      openedNanos = now;
      return true;
    }
    inPause = true;
    return now - openedNanos <= nanos;
  }

  /** Looks for another window's length, though there was no work: it could not be armed. */
  void openAgain(long now) {
    openedNanos = now;
  }

  /** From now on a wake-up has to come before work does. */
  void sleeps() {
    slept = true;
  }

  /** A pause has ended: what it cost, and would have cost. */
  void learn(long pauseNanos, long priceNanos) {
    long even = cost(pauseNanos, EVEN, priceNanos);
    creditNanos += even + (even >> ALLOWANCE_SHIFT) - cost(pauseNanos, chosen, priceNanos);
    creditNanos = Math.min(creditNanos, MOST_CREDIT * priceNanos);
    int cheapest = 0;
    for (int i = 0; i < costs.length; i++) {
      costs[i] += cost(pauseNanos, i, priceNanos) - (costs[i] >> FORGET_SHIFT);
      if (costs[i] <= costs[cheapest]) {
        cheapest = i; // the longer of equals: requests wait less
      }
    }
    // A choice costs at most one price more than the allowance for a pause, so it can be paid.
    chosen = creditNanos >= priceNanos ? cheapest : EVEN;
    nanos = window(chosen, priceNanos);
  }

  private static long window(int index, long priceNanos) {
    return (priceNanos * EIGHTHS[index]) >> EIGHTH_SHIFT;
  }

  private static long cost(long pauseNanos, int index, long priceNanos) {
    long window = window(index, priceNanos);
    return pauseNanos <= window ? pauseNanos : window + priceNanos;
  }
}
