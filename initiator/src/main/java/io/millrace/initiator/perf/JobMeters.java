package io.millrace.initiator.perf;

import org.jspecify.annotations.Nullable;

/** The meters of a job, one for each direction it can go in. One thread. */
final class JobMeters {
  private final @Nullable Meter[] meters = new @Nullable Meter[Direction.COUNT];
  private long beginNanos;

  JobMeters(PerfOptions options) {
    ReadWrite rw = options.rw();
    if (rw.reads() || options.verify().enabled()) {
      meters[Direction.READ.ordinal()] = new Meter();
    }
    if (rw.writes()) {
      meters[Direction.WRITE.ordinal()] = new Meter();
    }
    if (rw.trims()) {
      meters[Direction.TRIM.ordinal()] = new Meter();
    }
    if (options.fsync() > 0) {
      meters[Direction.SYNC.ordinal()] = new Meter();
    }
  }

  @Nullable Meter of(Direction direction) {
    return meters[direction.ordinal()];
  }

  void record(Direction direction, long nanos) {
    Meter meter = meters[direction.ordinal()];
    if (meter != null) {
      meter.record(nanos);
    }
  }

  /** Forgets what was recorded. */
  void reset() {
    for (Meter meter : meters) {
      if (meter != null) {
        meter.reset();
      }
    }
  }

  void begin(long nowNanos) {
    beginNanos = nowNanos;
  }

  /** Ends a measured time in which it was read, written, or neither, which is trimmed. */
  void end(long nowNanos, boolean reads, boolean writes) {
    add(Direction.READ, reads, nowNanos);
    add(Direction.WRITE, writes, nowNanos);
    add(Direction.TRIM, !reads && !writes, nowNanos);
  }

  private void add(Direction direction, boolean used, long nowNanos) {
    Meter meter = of(direction);
    if (used && meter != null) {
      meter.addTime(nowNanos - beginNanos);
    }
  }

  void merge(JobMeters other) {
    for (int i = 0; i < meters.length; i++) {
      Meter mine = meters[i];
      Meter others = other.meters[i];
      if (mine != null && others != null) {
        mine.merge(others);
      }
    }
  }
}
