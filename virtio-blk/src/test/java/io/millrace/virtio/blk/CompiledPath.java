package io.millrace.virtio.blk;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.util.concurrent.TimeUnit;

/** A program: one disk under load until the compiler has seen enough of it. */
public final class CompiledPath {
  private static final int DEPTH = 32;
  private static final int BLOCK_BYTES = 4096;
  private static final long SECONDS = 6;

  private CompiledPath() {}

  /** Runs "split" or "packed". */
  public static void main(String[] args) throws Exception {
    long features = args[0].equals("packed") ? VirtioFeature.RING_PACKED : 0;
    BlkDriverOptions options =
        BlkDriverOptions.defaults()
            .withFrontend(FrontendOptions.defaults().withMoreFeatures(features));
    try (BlkTarget target = new BlkTarget(1);
        VirtioBlkDriver driver = VirtioBlkDriver.open(target.serveNull("disk"), options)) {
      load(driver);
    }
    System.exit(0);
  }

  private static void load(VirtioBlkDriver driver) {
    long buffer = driver.memory().allocate((long) DEPTH * BLOCK_BYTES, BLOCK_BYTES);
    io.millrace.initiator.BlkQueue queue = driver.queue(0);
    BlkCompletion again =
        (token, status, _) -> {
          if (status != VirtioBlk.S_OK) {
            throw new IllegalStateException("status " + status);
          }
          queue.submit(VirtioBlk.T_IN, token * 8, buffer + token * BLOCK_BYTES, BLOCK_BYTES, token);
        };
    for (int i = 0; i < DEPTH; i++) {
      queue.submit(VirtioBlk.T_IN, i * 8L, buffer + (long) i * BLOCK_BYTES, BLOCK_BYTES, i);
    }
    long start = System.nanoTime();
    while (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(SECONDS)) {
      queue.kick();
      queue.poll(again);
    }
  }
}
