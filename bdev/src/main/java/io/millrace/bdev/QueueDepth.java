package io.millrace.bdev;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks again and again how many requests a bdev has in flight. Control thread only.
 *
 * <p>Each look stands for the time since the one before, so that a late one costs nothing but
 * detail.
 */
public final class QueueDepth {
  /** A look for each microsecond would leave the control thread nothing else to do. */
  private static final long LEAST_PERIOD_MICROS = 1_000;

  private final Bdev bdev;
  private final Reactor control;
  private @Nullable Timer next;
  private long periodMicros;
  private long lastNanos;
  private long depth;
  private long busyNanos;
  private long weightedNanos;

  /** Does not look yet. */
  public QueueDepth(Bdev bdev, Reactor control) {
    this.bdev = bdev;
    this.control = control;
  }

  /**
   * Looks from now on; what it has seen so far stays.
   *
   * @param micros between two looks, though not less than a millisecond; 0 for no more looks
   */
  public void every(long micros) {
    Timer pending = next;
    if (pending != null) {
      pending.cancel();
      next = null;
    }
    if (periodMicros > 0) {
      look();
    }
    periodMicros = micros;
    if (micros > 0) {
      lastNanos = control.nanoTime();
      depth = bdev.inFlightCount();
      lookLater();
    }
  }

  private void lookLater() {
    long micros = Math.max(LEAST_PERIOD_MICROS, periodMicros);
    next =
        control.schedule(
            TimeUnit.MICROSECONDS.toNanos(micros),
            () -> {
              look();
              lookLater();
            });
  }

  private void look() {
    long now = control.nanoTime();
    depth = bdev.inFlightCount();
    if (depth > 0) {
      busyNanos += now - lastNanos;
      weightedNanos += (now - lastNanos) * depth;
    }
    lastNanos = now;
  }

  /** Between two looks, as it was set: microseconds, 0 while nobody looks. */
  public long periodMicros() {
    return periodMicros;
  }

  /** Requests in flight at the last look. */
  public long depth() {
    return depth;
  }

  /** How long there were any, in microseconds. */
  public long busyMicros() {
    return TimeUnit.NANOSECONDS.toMicros(busyNanos);
  }

  /** The same, times how many there were. */
  public long weightedMicros() {
    return TimeUnit.NANOSECONDS.toMicros(weightedNanos);
  }
}
