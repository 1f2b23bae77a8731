package io.millrace.virtio.blk;

import io.millrace.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A reactor with a thread and a clock that a test moves ahead: nobody waits for its timers. */
final class ClockedReactor implements AutoCloseable {
  private static final long PAUSE_NANOS = 20_000;

  private final AtomicLong aheadNanos = new AtomicLong();
  private final CompletableFuture<Reactor> reactor = new CompletableFuture<>();
  private final Thread thread = new Thread(this::run, "clocked");
  private volatile boolean ended;

  ClockedReactor() {
    thread.start();
  }

  private void run() {
    Reactor stepped = Reactor.stepped("clocked");
    reactor.complete(stepped);
    while (!ended) {
      if (stepped.runOnce(System.nanoTime() + aheadNanos.get()) == 0) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
    stepped.close();
  }

  Reactor reactor() {
    return reactor.join();
  }

  void advanceSeconds(long seconds) {
    aheadNanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Override
  public void close() {
    ended = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
