package io.millrace.server.top;

import io.millrace.rpc.RpcClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server for its counters, by the interval, on a thread of its own; when the server ends, it
 * waits for the next one at the same socket.
 */
final class Sampler implements AutoCloseable {
  /** What a look gave. */
  sealed interface Look {
    /** Counters. */
    record Taken(Snapshot snapshot) implements Look {}

    /**
     * No server, or no sensible reply; the next look is to come.
     *
     * @param problem one line
     */
    record Failed(String problem) implements Look {}
  }

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /** More looks than anybody leaves unseen, unless he has stopped to look. */
  private static final int MOST_UNSEEN = 16;

  private final Path socket;
  private final BlockingQueue<Look> looks = new LinkedBlockingQueue<>(MOST_UNSEEN);
  private final Thread thread;
  private volatile long intervalNanos;
  private volatile boolean closed;

  private Sampler(Path socket, double intervalSeconds) {
    this.socket = socket;
    this.thread = Thread.ofPlatform().name("sampler").daemon().unstarted(this::run);
    interval(intervalSeconds);
  }

  /** Begins. */
  static Sampler start(Path socket, double intervalSeconds) {
    Sampler sampler = new Sampler(socket, intervalSeconds);
    sampler.thread.start();
    return sampler;
  }

  /** Looks by another interval from now on. Any thread. */
  void interval(double seconds) {
    long nanos = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    if (nanos != intervalNanos) {
      intervalNanos = nanos;
      LockSupport.unpark(thread);
    }
  }

  /** The next look, if there is one. */
  @Nullable Look poll() {
    return looks.poll();
  }

  /** The next look. */
  Look take() throws InterruptedException {
    return looks.take();
  }

  private void run() {
    while (!closed) {
      try (RpcClient client = RpcClient.connect(socket, PATIENCE)) {
        look(client);
      } catch (IOException e) {
        looks.offer(new Look.Failed(String.valueOf(e.getMessage())));
        pause(System.nanoTime(), () -> RETRY_NANOS);
      }
    }
  }

  private void look(RpcClient client) throws IOException {
    long due = System.nanoTime();
    while (!closed) {
      looks.offer(new Look.Taken(SnapshotReader.read(client)));
      pause(due, () -> intervalNanos);
      due = System.nanoTime();
    }
  }

  private void pause(long since, LongSupplier nanos) {
    long left = nanos.getAsLong();
    while (left > 0 && !closed) {
      LockSupport.parkNanos(this, left);
      left = nanos.getAsLong() - (System.nanoTime() - since);
    }
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
