package io.millrace.benchmarks;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.DirtyPages;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.vhost.user.ProtocolFeature;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * A disk that one thread keeps busy with random reads: attached and used once when made, then
 * driven by {@link #poll}. Its memory and connection last as long as the process, or until {@link
 * #close}.
 */
final class Lane implements BlkCompletion, AutoCloseable {
  static final int BLOCK_BYTES = 4096;
  private static final int PUBLISH_EVERY = 4; // as millrace perf
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final VirtioBlkDriver driver;
  private final BlkQueue queue;
  private final long data;
  private final long blocks;
  private final int mostDepth;
  private final int bytes;
  private long state; // of the generator
  private int unpublished;
  private long completed;
  private boolean again; // whether a request that is done is followed by another
  private int underWay;

  Lane(Path socket, int depth, int bytes, int number, Tracking tracking) throws InitiatorException {
    mostDepth = depth;
    this.bytes = bytes;
    BlkDriverOptions options =
        new BlkDriverOptions(
            frontend(tracking),
            1,
            128,
            depth,
            0,
            (long) (depth + 1) * bytes,
            true,
            false,
            VirtioBlk.FEATURES);
    driver = VirtioBlkDriver.open(socket, options);
    queue = driver.queue(0);
    data = driver.memory().allocate((long) depth * bytes, BLOCK_BYTES);
    blocks = driver.config().sizeBytes() / bytes;
    state = (number + 1) * 0x9E3779B97F4A7C15L;
    if (tracking == Tracking.INFLIGHT_AND_LOG) {
      giveLog();
    }
    driver.run(VirtioBlk.T_IN, 0, data, bytes, PATIENCE.toNanos());
  }

  private static FrontendOptions frontend(Tracking tracking) {
    FrontendOptions defaults = FrontendOptions.defaults();
    if (tracking != Tracking.NOTHING) {
      return defaults;
    }
    Set<ProtocolFeature> features = EnumSet.copyOf(defaults.protocolFeatures());
    features.remove(ProtocolFeature.INFLIGHT_SHMFD);
    features.remove(ProtocolFeature.GET_VRING_BASE_INFLIGHT);
    features.remove(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN);
    return defaults.withProtocolFeatures(features);
  }

  private void giveLog() throws InitiatorException {
    MemoryRegion region = driver.memory().region();
    try (DirtyPages log =
        DirtyPages.create(region.guestAddress() + region.size())) { // the back-end has mapped it
      log.giveTo(driver.frontend());
      driver.frontend().logging(true);
    } catch (LinuxException e) {
      throw new InitiatorException(InitiatorException.Kind.UNSUPPORTED, "no log: " + e, e);
    }
  }

  void begin(int depth) {
    again = true;
    int slots = bytes == BLOCK_BYTES ? Math.min(depth, mostDepth) : mostDepth;
    underWay = slots;
    for (int slot = 0; slot < slots; slot++) {
      submit(slot);
    }
    queue.kick();
  }

  void drain() {
    again = false;
    while (underWay > 0) {
      poll();
    }
  }

  /** Requests done so far. */
  long completed() {
    return completed;
  }

  void poll() {
    if (queue.ring().hasUsed()) {
      queue.poll(this);
      queue.kick();
      unpublished = 0;
    }
  }

  @Override
  public void completed(long token, int status, long writtenBytes) {
    if (status != VirtioBlk.S_OK) {
      throw new IllegalStateException("a read failed with virtio-blk status " + status);
    }
    completed++;
    if (again) {
      submit((int) token);
    } else {
      underWay--;
    }
  }

  private void submit(int slot) {
    state ^= state >>> 12; // xorshift64*
    state ^= state << 25;
    state ^= state >>> 27;
    long block = Math.unsignedMultiplyHigh(state * 0x2545F4914F6CDD1DL, blocks);
    long sector = block * (bytes / VirtioBlk.SECTOR_BYTES);
    queue.submit(VirtioBlk.T_IN, sector, data + (long) slot * bytes, bytes, slot);
    if (++unpublished == PUBLISH_EVERY) {
      unpublished = 0;
      queue.kick();
    }
  }

  @Override
  public void close() {
    driver.close();
  }
}
