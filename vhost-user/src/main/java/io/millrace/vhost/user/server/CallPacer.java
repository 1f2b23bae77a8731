package io.millrace.vhost.user.server;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Puts off the calls of one ring as {@link Coalescing} says. The rate is looked at every 10 ms,
 * also while a call is held: a driver that has stopped sending waits no longer than that. Data-path
 * code, the ring's reactor only.
 */
final class CallPacer {
  static final long WINDOW_NANOS = 10_000_000;

  private static final double SECOND_NANOS = 1e9;

  private final Supplier<Coalescing> coalescing;
  private final LongSupplier clock;
  private long answered; // in this window
  private long windowStart;
  private long delay;
  private long lastCall;
  private boolean holding;

  /**
   * A ring's.
   *
   * @param coalescing as it is now; may change at any time, on another thread
   * @param clock in nanoseconds; not looked at while calls are not put off
   */
  CallPacer(Supplier<Coalescing> coalescing, LongSupplier clock) {
    this.coalescing = coalescing;
    this.clock = clock;
  }

  /** So many requests were answered. */
  void answered(int requests) {
    answered += requests;
  }

  /** The driver wants a call. */
  void hold() {
    holding = true;
  }

  /** Whether a call waits for its time. */
  boolean isHolding() {
    return holding;
  }

  /** Whether a call waits and may be made; then it waits no longer. */
  boolean takeDue() {
    boolean due = holding && isDue();
    if (due) {
      holding = false;
    }
    return due;
  }

  /** Whether a call may be made now, which it then is. */
  private boolean isDue() {
    Coalescing setting = coalescing.get();
    if (!setting.isOn()) {
      return true;
    }
    long now = clock.getAsLong();
    long window = now - windowStart;
    if (window >= WINDOW_NANOS) {
      delay = setting.delayNanos(answered * SECOND_NANOS / window);
      answered = 0;
      windowStart = now;
    }
    if (now - lastCall < delay) {
      return false;
    }
    lastCall = now;
    return true;
  }
}
