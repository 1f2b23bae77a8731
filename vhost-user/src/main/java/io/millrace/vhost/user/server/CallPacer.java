package io.millrace.vhost.user.server;

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
  private long answered; // in this window
  private long windowStart;
  private long delay;
  private long lastCall;
  private boolean holding;

  /**
   * A ring's.
   *
   * @param coalescing as it is now; may change at any time, on another thread
   */
  CallPacer(Supplier<Coalescing> coalescing) {
    this.coalescing = coalescing;
  }

  /** A request was answered. */
  void answered() {
    answered++;
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
  boolean takeDue(long now) {
    if (!holding || !isDue(now)) {
      return false;
    }
    holding = false;
    lastCall = now;
    return true;
  }

  private boolean isDue(long now) {
    Coalescing setting = coalescing.get();
    if (!setting.isOn()) {
      return true;
    }
    long window = now - windowStart;
    if (window >= WINDOW_NANOS) {
      delay = setting.delayNanos(answered * SECOND_NANOS / window);
      answered = 0;
      windowStart = now;
    }
    return now - lastCall >= delay;
  }

  /** Whether calls are put off at all; otherwise there is no need to know the time. */
  boolean isOn() {
    return coalescing.get().isOn();
  }
}
