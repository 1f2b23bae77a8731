package io.millrace.reactor;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits that end: by what they wait for, or by failing and saying what it was. */
final class Await {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private Await() {}

  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("waited 20 s for " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  static void until(String what, CountDownLatch latch) {
    try {
      if (!latch.await(DEADLINE_NANOS, TimeUnit.NANOSECONDS)) {
        throw new AssertionError("waited 20 s for " + what);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while waiting for " + what, e);
    }
  }

  /** Runs on the reactor and waits until it has. */
  static void on(Reactor reactor, Runnable action) {
    CountDownLatch done = new CountDownLatch(1);
    if (!reactor.execute(
        () -> {
          try {
            action.run();
          } finally {
            done.countDown();
          }
        })) {
      throw new AssertionError(reactor.name() + " has ended");
    }
    until("a message to " + reactor.name(), done);
  }
}
