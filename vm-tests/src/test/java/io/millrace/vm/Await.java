package io.millrace.vm;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting for what cannot be waited for otherwise: a file, another process's state. */
final class Await {
  private static final long PAUSE_NANOS = 10_000_000;

  private Await() {}

  /** Returns when the condition holds; fails with {@code what} after the limit. */
  static void until(String what, Duration limit, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new AssertionError("after " + limit.toSeconds() + " s still waiting: " + what);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
