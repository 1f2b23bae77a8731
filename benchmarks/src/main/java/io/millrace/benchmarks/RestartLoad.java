package io.millrace.benchmarks;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** Writes that go on with the next server. */
final class RestartLoad implements AutoCloseable {
  private static final int DEPTH = 32;
  private static final int BLOCK_BYTES = 4096;
  private static final Duration LOADED = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration LOST = Duration.ofSeconds(2);

  private final Path socket;
  private final VirtioBlkDriver driver;
  private final BlkQueue queue;
  private final long data;
  private boolean again = true;
  private long completed;

  RestartLoad(Path socket, boolean packed) throws InitiatorException {
    this.socket = socket;
    FrontendOptions frontend =
        FrontendOptions.defaults().withConnectWithin(PATIENCE).withTimeout(PATIENCE);
    driver =
        VirtioBlkDriver.open(
            socket,
            BlkDriverOptions.defaults()
                .withFrontend(
                    packed ? frontend.withMoreFeatures(VirtioFeature.RING_PACKED) : frontend)
                .withQueues(1, 128, DEPTH));
    if (packed && !driver.has(VirtioFeature.RING_PACKED)) {
      driver.close();
      throw new InitiatorException(
          InitiatorException.Kind.UNSUPPORTED, socket + ": no packed rings");
    }
    queue = driver.queue(0);
    data = driver.memory().allocate((long) DEPTH * BLOCK_BYTES, BLOCK_BYTES);
    for (int slot = 0; slot < DEPTH; slot++) {
      submit(slot);
    }
    queue.kick();
  }

  private void submit(int slot) {
    long sector = (long) slot * (BLOCK_BYTES / VirtioBlk.SECTOR_BYTES);
    queue.submit(VirtioBlk.T_OUT, sector, data + (long) slot * BLOCK_BYTES, BLOCK_BYTES, slot);
  }

  private void poll() {
    if (queue.poll(this::done) > 0) {
      queue.kick();
    }
  }

  private void done(long slot, int status, long writtenBytes) {
    if (status != VirtioBlk.S_OK) {
      throw new IllegalStateException("a write failed with virtio-blk status " + status);
    }
    completed++;
    if (again) {
      submit((int) slot);
    }
  }

  /** Writes for a moment; all places are in flight then. */
  void run() {
    long until = System.nanoTime() + LOADED.toNanos();
    while (System.nanoTime() < until) {
      poll();
    }
  }

  /** Takes what the last server had done, waits for the next one and gives it the queue. */
  void reconnect() throws InitiatorException {
    poll();
    driver.reconnect(socket);
  }

  /** Waits until it has done something. */
  void awaitOne() throws IOException {
    long before = completed;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (completed == before) {
      if (System.nanoTime() > deadline) {
        throw new IOException("the next server did nothing within " + PATIENCE.toSeconds() + " s");
      }
      poll();
    }
  }

  /** Waits for what is in flight; how much of it never comes. */
  int finish() {
    again = false;
    long deadline = System.nanoTime() + LOST.toNanos();
    while (queue.inFlightCount() > 0 && System.nanoTime() < deadline) {
      poll();
    }
    return queue.inFlightCount();
  }

  @Override
  public void close() {
    driver.close();
  }
}
