package io.millrace.initiator.perf;

import java.util.concurrent.atomic.AtomicLongArray;

/** How far a job is: counted by its thread, shown to others a batch later. */
final class JobProgress {
  /** What a job is at. */
  enum Phase {
    WORKLOAD,
    VERIFY,
    DONE
  }

  private final long[] counts = new long[Direction.COUNT];
  private final AtomicLongArray shown = new AtomicLongArray(Direction.COUNT);
  private volatile Phase phase = Phase.WORKLOAD;

  void count(Direction direction) {
    counts[direction.ordinal()]++;
  }

  /** Shows the counts; plain stores in order. */
  void publish() {
    for (int i = 0; i < counts.length; i++) {
      shown.lazySet(i, counts[i]);
    }
  }

  void phase(Phase next) {
    publish();
    phase = next;
  }

  /** Any thread. */
  Phase phase() {
    return phase;
  }

  /** Requests completed so far. Any thread. */
  long completed(Direction direction) {
    return shown.get(direction.ordinal());
  }
}
