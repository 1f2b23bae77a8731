package io.millrace.vhost.user.server;

/**
 * How often something took how long: eight buckets for each power of two nanoseconds, so that a
 * value is known to an eighth. Written by one thread, read by any, a moment late. Data-path code.
 */
public final class LatencyHistogram {
  private static final int SHIFT = 3; // 2^3 buckets for a power of two
  private static final int PER_POWER = 1 << SHIFT;
  private static final int POWERS = 40; // up to 2^42 ns, more than an hour
  private static final int BUCKETS = POWERS * PER_POWER;

  private final long[] counts = new long[BUCKETS];
  private long sumNanos;

  /** Empty. */
  public LatencyHistogram() {}

  /** So many things took so long; what is negative took no time. */
  void record(long nanos, int things) {
    long took = Math.max(0, nanos);
    counts[bucket(took)] += things;
    sumNanos += took * things;
  }

  /** The bucket of a value: below 8 one for each, above by the first four bits. */
  static int bucket(long nanos) {
    int power = Math.max(0, 63 - SHIFT - Long.numberOfLeadingZeros(nanos | 1));
    return Math.min(BUCKETS - 1, (power << SHIFT) + (int) (nanos >>> power));
  }

  /** The values of a bucket are smaller than this, in nanoseconds. */
  public static long limitNanos(int bucket) {
    int power = Math.max(0, (bucket >> SHIFT) - 1);
    return (bucket - ((long) power << SHIFT) + 1) << power;
  }

  void add(LatencyHistogram other) {
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] += other.counts[i];
    }
    sumNanos += other.sumNanos;
  }

  /** Buckets there are, numbered from 0. */
  public static int buckets() {
    return BUCKETS;
  }

  /** Values in a bucket. */
  public long count(int bucket) {
    return counts[bucket];
  }

  /** Values in all. */
  public long count() {
    long all = 0;
    for (long count : counts) {
      all += count;
    }
    return all;
  }

  /** All values together, in nanoseconds. */
  public long sumNanos() {
    return sumNanos;
  }

  /**
   * What so many of the values are smaller than: the limit of the bucket in which that is reached.
   *
   * @param share 0 to 1
   * @return nanoseconds, 0 when there are no values
   */
  public long quantileNanos(double share) {
    long wanted = Math.max(1, (long) Math.ceil(share * count()));
    long seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
      seen += counts[i];
      if (seen >= wanted) {
        return limitNanos(i);
      }
    }
    return 0;
  }
}
