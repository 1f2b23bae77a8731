package io.millrace.server.attack;

import java.util.concurrent.atomic.AtomicBoolean;

/** A second thread of the guest that rewrites memory for as long as this is open. */
final class Rewriter implements AutoCloseable {
  private final AtomicBoolean enough = new AtomicBoolean();
  private final Thread thread;

  Rewriter(Runnable rewrite) {
    thread =
        Thread.ofPlatform()
            .name("rewriter")
            .start(() -> {
              while (!enough.get()) {
                rewrite.run();
              }
            });
  }

  @Override
  public void close() {
    enough.set(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
