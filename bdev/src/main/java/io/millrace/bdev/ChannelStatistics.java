package io.millrace.bdev;

/**
 * Counts of one channel: plain fields of its reactor, read by others without synchronisation, so a
 * reader may see a count a moment late but never a torn one.
 */
public final class ChannelStatistics {
  private static final int TYPES = IoType.values().length;
  private static final int STATUSES = IoStatus.values().length;

  private final long[] operations = new long[TYPES];
  private final long[] bytes = new long[TYPES];
  private final long[] failures = new long[STATUSES];

  ChannelStatistics() {}

  void count(IoType type, long transferred, IoStatus status) {
    if (status == IoStatus.SUCCESS) {
      operations[type.ordinal()]++;
      bytes[type.ordinal()] += transferred;
    } else {
      failures[status.ordinal()]++;
    }
  }

  void add(ChannelStatistics other) {
    for (int i = 0; i < TYPES; i++) {
      operations[i] += other.operations[i];
      bytes[i] += other.bytes[i];
    }
    for (int i = 0; i < STATUSES; i++) {
      failures[i] += other.failures[i];
    }
  }

  /** Requests of a type that succeeded. */
  public long operations(IoType type) {
    return operations[type.ordinal()];
  }

  /** Bytes those requests moved or covered. */
  public long bytes(IoType type) {
    return bytes[type.ordinal()];
  }

  /** Requests that ended with a status other than SUCCESS. */
  public long failures(IoStatus status) {
    return failures[status.ordinal()];
  }
}
