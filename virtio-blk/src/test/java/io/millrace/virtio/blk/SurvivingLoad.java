package io.millrace.virtio.blk;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.initiator.load.SlotLoad;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.time.Duration;

/** A load on a block device that survives its back-ends. */
final class SurvivingLoad extends SlotLoad {
  final VirtioBlkDriver driver;
  private final BlkQueue queue;

  /** A load whose driver looks at the ring all the time. */
  SurvivingLoad(Path socket, long features, long seed) throws Exception {
    this(socket, options(features), seed);
  }

  SurvivingLoad(Path socket, BlkDriverOptions options, long seed) throws Exception {
    this(VirtioBlkDriver.open(socket, options), seed, false);
  }

  /** A load whose driver, if it sleeps, looks at the ring when it was called and not before. */
  SurvivingLoad(Path socket, long features, long seed, boolean sleeps) throws Exception {
    this(VirtioBlkDriver.open(socket, options(features)), seed, sleeps);
  }

  private SurvivingLoad(VirtioBlkDriver driver, long seed, boolean sleeps) {
    super(driver.queue(0), driver.memory(), seed, sleeps);
    this.driver = driver;
    this.queue = driver.queue(0);
    begin();
  }

  /** A queue as this load needs it. */
  static BlkDriverOptions options(long features) {
    return BlkDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults()
                .withConnectWithin(Duration.ofSeconds(20))
                .withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features))
        .withQueues(1, 128, DEPTH);
  }

  @Override
  protected Kind choose(int die) {
    return die == 0 ? Kind.FLUSH : die % 2 == 0 ? Kind.READ : Kind.WRITE;
  }

  @Override
  protected boolean submit(Kind what, long offset, long address, int bytes, int slot) {
    return switch (what) {
      case READ -> queue.submit(VirtioBlk.T_IN, offset / 512, address, bytes, slot);
      case WRITE -> queue.submit(VirtioBlk.T_OUT, offset / 512, address, bytes, slot);
      case FLUSH -> queue.submit(VirtioBlk.T_FLUSH, 0, address, 0, slot);
      case UNMAP, SWAP -> throw new IllegalArgumentException(what.name());
    };
  }

  @Override
  protected void takeCompletions() {
    queue.poll((token, status, bytes) -> {
      if (status != VirtioBlk.S_OK) {
        throw failed((int) token, "status " + status);
      }
      completed((int) token);
    });
  }

  @Override
  public void close() {
    driver.close();
  }
}
