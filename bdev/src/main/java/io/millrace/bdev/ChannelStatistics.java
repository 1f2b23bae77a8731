package io.millrace.bdev;

import java.util.Arrays;

/**
 * Counts of one channel, or the sum of several: plain fields of its reactor, read by others without
 * synchronisation, so a reader may see a count a moment late but never a torn one.
 */
public final class ChannelStatistics {
  private static final int TYPES = IoType.values().length;
  private static final int STATUSES = IoStatus.values().length;

  private final long[] operations = new long[TYPES];
  private final long[] bytes = new long[TYPES];
  private final long[] nanos = new long[TYPES];
  private final long[] leastNanos = new long[TYPES]; // MAX_VALUE until there is one
  private final long[] mostNanos = new long[TYPES];
  private final long[] failures = new long[STATUSES];

  ChannelStatistics() {
    Arrays.fill(leastNanos, Long.MAX_VALUE);
  }

  void count(IoType type, long transferred, IoStatus status, long took) {
    if (status == IoStatus.SUCCESS) {
      int i = type.ordinal();
      operations[i]++;
      bytes[i] += transferred;
      nanos[i] += took;
      if (took < leastNanos[i]) {
        leastNanos[i] = took;
      }
      if (took > mostNanos[i]) {
        mostNanos[i] = took;
      }
    } else {
      failures[status.ordinal()]++;
    }
  }

  void add(ChannelStatistics other) {
    for (int i = 0; i < TYPES; i++) {
      operations[i] += other.operations[i];
      bytes[i] += other.bytes[i];
      nanos[i] += other.nanos[i];
      leastNanos[i] = Math.min(leastNanos[i], other.leastNanos[i]);
      mostNanos[i] = Math.max(mostNanos[i], other.mostNanos[i]);
    }
    for (int i = 0; i < STATUSES; i++) {
      failures[i] += other.failures[i];
    }
  }

  /** What was counted since {@code zero} was; shortest and longest are what they are. */
  ChannelStatistics since(ChannelStatistics zero) {
    ChannelStatistics result = new ChannelStatistics();
    for (int i = 0; i < TYPES; i++) {
      result.operations[i] = operations[i] - zero.operations[i];
      result.bytes[i] = bytes[i] - zero.bytes[i];
      result.nanos[i] = nanos[i] - zero.nanos[i];
      result.leastNanos[i] = leastNanos[i];
      result.mostNanos[i] = mostNanos[i];
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
    if (mode.counts()) {
      System.arraycopy(now.operations, 0, operations, 0, TYPES);
      System.arraycopy(now.bytes, 0, bytes, 0, TYPES);
      System.arraycopy(now.nanos, 0, nanos, 0, TYPES);
    }
    if (mode.failures()) {
      System.arraycopy(now.failures, 0, failures, 0, STATUSES);
    }
  }

  /** Shortest and longest are looked for anew. */
  void forgetExtremes() {
    Arrays.fill(leastNanos, Long.MAX_VALUE);
    Arrays.fill(mostNanos, 0);
  }

  /** Requests of a type that succeeded. */
  public long operations(IoType type) {
    return operations[type.ordinal()];
  }

  /** Bytes those requests moved or covered. */
  public long bytes(IoType type) {
    return bytes[type.ordinal()];
  }

  /** Time from submission to completion of all of those, in nanoseconds. */
  public long nanos(IoType type) {
    return nanos[type.ordinal()];
  }

  /** The shortest of those times, 0 while there is none. */
  public long leastNanos(IoType type) {
    long least = leastNanos[type.ordinal()];
    return least == Long.MAX_VALUE ? 0 : least;
  }

  /** The longest of those times, 0 while there is none. */
  public long mostNanos(IoType type) {
    return mostNanos[type.ordinal()];
  }

  /** Requests that ended with a status other than SUCCESS. */
  public long failures(IoStatus status) {
    return failures[status.ordinal()];
  }
}
