package io.millrace.reactor;

/**
 * What it costs that the thread sleeps when a request comes, in nanoseconds of looking for it
 * instead. Reactor's thread only.
 *
 * <p>It is twice the time from another core's write to an eventfd until this thread runs: once for
 * the request that waits, once for what both sides do meanwhile (arming, the kick with its VM exit,
 * two system calls here). That time is 5 to 60 µs and more, by how deep an idle core sleeps, so it
 * is measured: by messages that find the thread asleep, such as those that start a ring. Few
 * suffice. The shorter ones tell more, as a long one may have waited for the core or for cold code.
 */
final class WakeUpPrice {
  static final long DEFAULT_LATENCY_NANOS = 50_000;
  static final long LEAST_LATENCY_NANOS = 10_000;
  static final long MOST_LATENCY_NANOS = 100_000;

  private static final int LATENCIES = 2;

  private static final int FASTER_SHIFT = 1;
  private static final int SLOWER_SHIFT = 4;

  private long latencyNanos = DEFAULT_LATENCY_NANOS;
  private boolean asleep;
  private long asleepSince;

  /** The price. */
  long nanos() {
    return LATENCIES * latencyNanos;
  }

  /** What of a price is time that passes. */
  static long latency(long priceNanos) {
    return priceNanos / LATENCIES;
  }

  /** The thread is about to sleep. */
  void sleeps(long now) {
    asleep = true;
    asleepSince = now;
  }

  /** The thread has slept. */
  void awake() {
    asleep = false;
  }

  /** A message runs. */
  void messageRuns(long sentNanos) {
    if (asleep) {
      asleep = false; // the others waited for this one, too
      if (sentNanos - asleepSince > 0) {
        measured(System.nanoTime() - sentNanos);
      }
    }
  }

  void measured(long nanos) {
    long off = Math.clamp(nanos, LEAST_LATENCY_NANOS, MOST_LATENCY_NANOS) - latencyNanos;
    latencyNanos += off >> (off < 0 ? FASTER_SHIFT : SLOWER_SHIFT);
  }
}
