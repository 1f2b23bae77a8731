package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.ChannelStatistics;
import io.millrace.bdev.IoType;

/** What log pages count, since the last time it was set to zero. Any thread. */
final class LogCounters {
  /** Counts at one moment; of requests to the bdev, whoever asked for them. */
  record Counts(long reads, long writes, long readBytes, long writtenBytes) {
    static final Counts NONE = new Counts(0, 0, 0, 0);

    private Counts minus(Counts earlier) {
      return new Counts(
          reads - earlier.reads,
          writes - earlier.writes,
          readBytes - earlier.readBytes,
          writtenBytes - earlier.writtenBytes);
    }
  }

  private static final long NANOS_PER_MINUTE = 60_000_000_000L;

  private final Bdev bdev;
  private final long beganNanos = System.nanoTime();
  private volatile Counts zero = Counts.NONE;

  LogCounters(Bdev bdev) {
    this.bdev = bdev;
  }

  /** How long the logical unit has been there, in minutes. */
  long powerOnMinutes() {
    return (System.nanoTime() - beganNanos) / NANOS_PER_MINUTE;
  }

  Counts counts() {
    return total().minus(zero);
  }

  void reset() {
    zero = total();
  }

  private Counts total() {
    ChannelStatistics sum = bdev.statistics();
    return new Counts(
        sum.operations(IoType.READ),
        sum.operations(IoType.WRITE),
        sum.bytes(IoType.READ),
        sum.bytes(IoType.WRITE));
  }
}
