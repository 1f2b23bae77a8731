package io.millrace.initiator.perf;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiUnit;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;

/** A logical unit behind a vhost-user-scsi socket: a request queue for each job. */
final class ScsiSocketTarget extends PerfTarget {
  private static final long PAGE = 4096;
  private static final int USUAL_TRANSFER_BYTES = 1 << 20;

  private final Path path;
  private final FrontendOptions frontend;
  private final int target;
  private final int lun;

  ScsiSocketTarget(Path path, FrontendOptions frontend, int target, int lun) {
    this.path = path;
    this.frontend = frontend;
    this.target = target;
    this.lun = lun;
  }

  @Override
  LoadDevice open(PerfOptions options, long dataBytes) throws InitiatorException {
    ScsiDriverOptions driverOptions =
        new ScsiDriverOptions(
            connecting(frontend, options),
            options.numJobs(),
            options.effectiveQueueSize(),
            options.ioDepth(),
            options.usesTables() ? 3 : 0,
            dataBytes + PAGE,
            true);
    VirtioScsiDriver driver = VirtioScsiDriver.open(path, driverOptions);
    try {
      if (options.packed() && !driver.has(VirtioFeature.RING_PACKED)) {
        throw noPackedRings(path);
      }
      return new Device(driver, VirtioScsi.lun(target, lun), toString());
    } catch (InitiatorException e) {
      driver.close();
      throw e;
    }
  }

  @Override
  public String toString() {
    return "%s target %d LUN %d".formatted(path, target, lun);
  }

  private static final class Device implements LoadDevice {
    private final VirtioScsiDriver driver;
    private final long lun;
    private final ScsiUnit unit;

    Device(VirtioScsiDriver driver, long lun, String name) throws InitiatorException {
      this.driver = driver;
      this.lun = lun;
      unit = ScsiUnit.ask(driver, lun, name);
    }

    @Override
    public long sizeBytes() {
      return unit.blocks() * unit.blockBytes();
    }

    @Override
    public int blockBytes() {
      return unit.blockBytes();
    }

    @Override
    public int maxTransferBytes() {
      return unit.maxTransferBytes(
          unit.maxTransferBlocks() == 0 ? USUAL_TRANSFER_BYTES : Integer.MAX_VALUE);
    }

    @Override
    public long maxTrimBytes() {
      long most = unit.maxUnmapBlocks() * unit.blockBytes();
      return Math.min(Integer.MAX_VALUE, most) & -(long) unit.blockBytes();
    }

    @Override
    public boolean isWritable() {
      return unit.writable();
    }

    @Override
    public boolean hasCache() {
      return unit.cached();
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
      return new ScsiSocketQueue(
          driver.queue(job),
          lun,
          Integer.numberOfTrailingZeros(unit.blockBytes()),
          driver.frontend().connection().descriptorNumber());
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
