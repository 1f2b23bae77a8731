package io.millrace.initiator.perf;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;

/** A disk behind a vhost-user-blk socket: a virtqueue for each job. */
final class SocketTarget extends PerfTarget {
  private static final long PAGE = 4096;

  private final Path path;
  private final FrontendOptions frontend;

  SocketTarget(Path path, FrontendOptions frontend) {
    this.path = path;
    this.frontend = frontend;
  }

  @Override
  LoadDevice open(PerfOptions options, long dataBytes) throws InitiatorException {
    BlkDriverOptions driverOptions =
        new BlkDriverOptions(
            connecting(frontend, options),
            options.numJobs(),
            options.effectiveQueueSize(),
            options.ioDepth(),
            options.usesTables() ? 3 : 0,
            dataBytes + PAGE,
            true,
            false,
            VirtioBlk.FEATURES);
    VirtioBlkDriver driver = VirtioBlkDriver.open(path, driverOptions);
    if (options.packed() && !driver.has(VirtioFeature.RING_PACKED)) {
      driver.close();
      throw noPackedRings(path);
    }
    return new Device(driver);
  }

  @Override
  public String toString() {
    return path.toString();
  }

  private record Device(VirtioBlkDriver driver) implements LoadDevice {
    @Override
    public long sizeBytes() {
      return driver.config().sizeBytes();
    }

    @Override
    public int blockBytes() {
      int bytes = driver.has(VirtioBlk.F_BLK_SIZE) ? driver.config().blockSize() : 0;
      return bytes > 0 ? bytes : VirtioBlk.SECTOR_BYTES;
    }

    @Override
    public int maxTransferBytes() {
      // qemu-storage-daemon 7.2 offers SIZE_MAX with 0 in it: no limit.
      int limit = driver.has(VirtioBlk.F_SIZE_MAX) ? driver.config().maxSegmentBytes() : 0;
      return limit > 0 ? limit : Integer.MAX_VALUE;
    }

    @Override
    public long maxTrimBytes() {
      return driver.has(VirtioBlk.F_DISCARD)
          ? Integer.toUnsignedLong(driver.config().maxDiscardSectors()) * VirtioBlk.SECTOR_BYTES
          : 0;
    }

    @Override
    public boolean isWritable() {
      return !driver.has(VirtioBlk.F_RO);
    }

    @Override
    public boolean hasCache() {
      return driver.has(VirtioBlk.F_FLUSH);
    }

    @Override
    public boolean remembers() {
      return true; // as far as one can see from here
    }

    @Override
    public long allocate(long bytes) {
      return driver.memory().allocate(bytes, PAGE);
    }

    @Override
    public LoadQueue queue(int job) {
      return new BlkSocketQueue(
          driver.queue(job), driver.frontend().connection().descriptorNumber());
    }

    @Override
    public void stop() throws InitiatorException {
      driver.stop();
    }

    @Override
    public void close() {
      driver.close();
    }
  }
}
