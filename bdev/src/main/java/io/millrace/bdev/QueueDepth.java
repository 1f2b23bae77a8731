package io.millrace.bdev;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many requests a bdev has in flight, looked at again and again by the reactors of its
 * channels: each looks at its own, all at the same times. What was seen stays when the period
 * changes. Any thread.
 *
 * <p>A look stands for one period. Times that a reactor sleeps through count as nothing in flight,
 * which is why it sleeps.
 */
public final class QueueDepth {
  /** A look for each microsecond would leave a reactor little else to do. */
  private static final long LEAST_PERIOD_MICROS = 1_000;

  private final AtomicLong busyNanos = new AtomicLong();
  private final AtomicLong weightedNanos = new AtomicLong();
  private final AtomicLong busyAtNanos = new AtomicLong(Long.MIN_VALUE);
  private volatile long periodMicros;

  QueueDepth() {}

  /** Sets the period, in microseconds; true if that changes anything. */
  boolean every(long micros) {
    boolean changes = periodMicros != micros;
    periodMicros = micros;
    return changes;
  }

  /** Between two looks; 0 while nobody looks. */
  long periodNanos() {
    long micros = periodMicros;
    return micros == 0 ? 0 : TimeUnit.MICROSECONDS.toNanos(Math.max(LEAST_PERIOD_MICROS, micros));
  }

  /**
   * A channel had requests in flight.
   *
   * @param count how many, at least one
   * @param atNanos the time that all channels look at
   * @param periodNanos what the look stands for
   */
  void seen(int count, long atNanos, long periodNanos) {
    weightedNanos.addAndGet(periodNanos * count);
    long before = busyAtNanos.get();
    if (before != atNanos && busyAtNanos.compareAndSet(before, atNanos)) {
      busyNanos.addAndGet(periodNanos); // once, however many channels are busy
    }
  }

  /** Between two looks, as it was set: microseconds, 0 while nobody looks. */
  public long periodMicros() {
    return periodMicros;
  }

  /** How long there were any, in microseconds. */
  public long busyMicros() {
    return TimeUnit.NANOSECONDS.toMicros(busyNanos.get());
  }

  /** The same, times how many there were. */
  public long weightedMicros() {
    return TimeUnit.NANOSECONDS.toMicros(weightedNanos.get());
  }
}
