package io.millrace.bdev;

/**
 * Counts of one channel, or the sum of several: plain fields of its reactor, read by others without
 * synchronisation, so a reader may see a count a moment late but never a torn one.
 */
public final class ChannelStatistics {
  private static final int TYPES = IoType.values().length;
  private static final int STATUSES = IoStatus.values().length;

  // What there is of each type, beside one another: one look into one array for a request.
  private static final int OPERATIONS = 0;
  private static final int BYTES = 1;
  private static final int NANOS = 2;
  private static final int LEAST_NANOS = 3; // MAX_VALUE until there is one
  private static final int MOST_NANOS = 4;
  private static final int OF_A_TYPE = 8;

  private final long[] counts = new long[TYPES * OF_A_TYPE];
  private final long[] failures = new long[STATUSES];

  ChannelStatistics() {
    forgetExtremes();
  }

  /** A request succeeded that takes as long as another that was measured. */
  void countLike(IoType type, long transferred, long took) {
    long[] all = counts;
    int of = type.ordinal() * OF_A_TYPE;
    all[of + OPERATIONS]++;
    all[of + BYTES] += transferred;
    all[of + NANOS] += took;
  }

  /** A request ended that was measured. */
  void count(IoType type, long transferred, IoStatus status, long took) {
    if (status == IoStatus.SUCCESS) {
      countLike(type, transferred, took);
      long[] all = counts;
      int of = type.ordinal() * OF_A_TYPE;
      if (took < all[of + LEAST_NANOS]) {
        all[of + LEAST_NANOS] = took;
      }
      if (took > all[of + MOST_NANOS]) {
        all[of + MOST_NANOS] = took;
      }
    } else {
      failures[status.ordinal()]++;
    }
  }

  void add(ChannelStatistics other) {
    for (int of = 0; of < counts.length; of += OF_A_TYPE) {
      for (int i = of; i < of + LEAST_NANOS; i++) {
        counts[i] += other.counts[i];
      }
      takeExtremes(of, other);
    }
    for (int i = 0; i < STATUSES; i++) {
      failures[i] += other.failures[i];
    }
  }

  private void takeExtremes(int of, ChannelStatistics other) {
    int least = of + LEAST_NANOS;
    int most = of + MOST_NANOS;
    counts[least] = Math.min(counts[least], other.counts[least]);
    counts[most] = Math.max(counts[most], other.counts[most]);
  }

  /** What was counted since {@code zero} was; shortest and longest are what they are. */
  ChannelStatistics since(ChannelStatistics zero) {
    ChannelStatistics result = new ChannelStatistics();
    for (int of = 0; of < counts.length; of += OF_A_TYPE) {
      for (int i = of; i < of + LEAST_NANOS; i++) {
        result.counts[i] = counts[i] - zero.counts[i];
      }
      result.takeExtremes(of, this);
    }
    for (int i = 0; i < STATUSES; i++) {
      result.failures[i] = failures[i] - zero.failures[i];
    }
    return result;
  }

  /**
   * Becomes what {@code now} is, as far as the mode says: what is counted from now on is beyond.
   */
  void setTo(ChannelStatistics now, StatisticsReset mode) {
    for (int of = 0; mode.counts() && of < counts.length; of += OF_A_TYPE) {
      System.arraycopy(now.counts, of, counts, of, LEAST_NANOS);
    }
    if (mode.failures()) {
      System.arraycopy(now.failures, 0, failures, 0, STATUSES);
    }
  }

  /** Shortest and longest are looked for anew. */
  void forgetExtremes() {
    for (int of = 0; of < counts.length; of += OF_A_TYPE) {
      counts[of + LEAST_NANOS] = Long.MAX_VALUE;
      counts[of + MOST_NANOS] = 0;
    }
  }

  private long get(IoType type, int what) {
    return counts[type.ordinal() * OF_A_TYPE + what];
  }

  /** Requests of a type that succeeded. */
  public long operations(IoType type) {
    return get(type, OPERATIONS);
  }

  /** Bytes those requests moved or covered. */
  public long bytes(IoType type) {
    return get(type, BYTES);
  }

  /** Time from submission to completion of all of those, in nanoseconds. */
  public long nanos(IoType type) {
    return get(type, NANOS);
  }

  /** The shortest of those times, 0 while there is none. */
  public long leastNanos(IoType type) {
    long least = get(type, LEAST_NANOS);
    return least == Long.MAX_VALUE ? 0 : least;
  }

  /** The longest of those times, 0 while there is none. */
  public long mostNanos(IoType type) {
    return get(type, MOST_NANOS);
  }

  /** Requests that ended with a status other than SUCCESS. */
  public long failures(IoStatus status) {
    return failures[status.ordinal()];
  }
}
