package io.millrace.scsi;

import org.jspecify.annotations.Nullable;

/** The timestamp of a logical unit (SPC-5 §5.3): the host's clock, until it is set. Any thread. */
final class UnitClock {
  /** Where a timestamp comes from (SPC-5 table 42). */
  static final int SET_BY_COMMAND = 2;

  static final int SET_OTHERWISE = 3;

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long MASK = (1L << 48) - 1;

  /** A timestamp that was set, and when that was. */
  private record Setting(long millis, long nanos) {}

  private volatile @Nullable Setting setting;

  int origin() {
    return setting == null ? SET_OTHERWISE : SET_BY_COMMAND;
  }

  /** Milliseconds since 1970, 48 bits. */
  long millis() {
    Setting set = setting;
    return set == null
        ? System.currentTimeMillis() & MASK
        : (set.millis + (System.nanoTime() - set.nanos) / NANOS_PER_MILLI) & MASK;
  }

  void set(long millis) {
    setting = new Setting(millis, System.nanoTime());
  }
}
