package io.millrace.reactor;

/**
 * How long a reactor without work polls before it sleeps: a moment, or, when the last work came so
 * soon that a longer look would have met it, that long.
 *
 * <p>Between two batches of a disk there are often some hundred microseconds. A thread that slept
 * meanwhile finds all of the batch at once, and the disk rests while it answers; one that polled
 * meets the first completion and keeps the disk busy.
 */
final class Patience {
  static final long SHORT_NANOS = 50_000;
  static final long LONG_NANOS = 400_000;

  private long nanos = SHORT_NANOS;

  /** Whether to sleep after this long without work. */
  boolean isOver(long idleNanos) {
    return idleNanos > nanos;
  }

  /** The thread slept, and this is the time from the last work to its waking. */
  void gapWas(long idleNanos) {
    nanos = idleNanos <= LONG_NANOS ? LONG_NANOS : SHORT_NANOS;
  }
}
