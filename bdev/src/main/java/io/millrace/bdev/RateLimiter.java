package io.millrace.bdev;

import org.jspecify.annotations.Nullable;

/** The buckets of a bdev that has limits: what its channels share. Data path, any thread. */
final class RateLimiter {
  static final int LIMITS = RateLimit.values().length;

  private static final RateLimit[] ALL = RateLimit.values();
  private static final long SMALLEST_BURST = 2; // one, and one for who comes late
  private static final long MILLIS_PER_SECOND = 1_000;

  private final @Nullable TokenBucket[] buckets = new TokenBucket[LIMITS];

  /**
   * Buckets for limits; those that were there before go on.
   *
   * @param before the limiter until now
   * @param nowNanos on the reactors' clock
   * @return null if nothing is limited
   */
  static @Nullable RateLimiter of(RateLimits limits, @Nullable RateLimiter before, long nowNanos) {
    return limits.isNone() ? null : new RateLimiter(limits, before, nowNanos);
  }

  private RateLimiter(RateLimits limits, @Nullable RateLimiter before, long nowNanos) {
    for (RateLimit limit : limits.perSecond().keySet()) {
      int i = limit.ordinal();
      long rate = limits.of(limit) * limit.unit();
      long burst = Math.max(SMALLEST_BURST, inMillis(rate, limits.burstMillis()));
      TokenBucket old = before == null ? null : before.buckets[i];
      buckets[i] =
          old == null
              ? TokenBucket.full(rate, burst, nowNanos)
              : old.changed(rate, burst, nowNanos);
    }
  }

  private static long inMillis(long rate, int millis) {
    return rate * millis / MILLIS_PER_SECOND; // at most 2^36 * 2^22
  }

  /** The bucket of a limit; null if there is no such limit. */
  @Nullable TokenBucket bucket(int limit) {
    return buckets[limit];
  }

  /** What a request costs of a limit; 0 if there is no such limit. */
  long cost(int limit, BdevIo io) {
    return buckets[limit] == null ? 0 : ALL[limit].cost(io);
  }

  /** Whether a request costs anything. */
  boolean concerns(BdevIo io) {
    for (int i = 0; i < LIMITS; i++) {
      if (cost(i, io) > 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether reads and writes have limits of their own, so that neither waits for the other. */
  boolean hasDirections() {
    return buckets[RateLimit.READ_BYTES.ordinal()] != null
        || buckets[RateLimit.WRITE_BYTES.ordinal()] != null;
  }

  /** Has a request pay that goes at once, whether tokens are there or not. */
  void charge(BdevIo io, long nowNanos) {
    for (int i = 0; i < LIMITS; i++) {
      TokenBucket bucket = buckets[i];
      long cost = cost(i, io);
      if (bucket != null && cost > 0) {
        bucket.take(cost, nowNanos);
      }
    }
  }
}
