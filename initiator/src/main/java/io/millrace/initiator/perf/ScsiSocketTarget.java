package io.millrace.initiator.perf;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/** A logical unit behind a vhost-user-scsi socket: a request queue for each job. */
final class ScsiSocketTarget extends PerfTarget {
  private static final long PAGE = 4096;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_ATTENTIONS = 16;
  private static final int CHECK_CONDITION = 2;
  private static final byte[] TEST_UNIT_READY = new byte[6];
  private static final byte[] READ_CAPACITY_16 = {
    (byte) 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0
  };
  private static final byte[] MODE_SENSE_CACHING = {0x1a, 0x08, 0x08, 0, 64, 0}; // DBD
  private static final byte[] BLOCK_LIMITS = {0x12, 1, (byte) 0xb0, 0, 64, 0};
  private static final int WRITE_PROTECTED = 1 << 7;
  private static final int WRITE_CACHE_ENABLED = 1 << 2;
  private static final int PROVISIONING_MANAGED = 1 << 7; // LBPME
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
      return new Device(driver, VirtioScsi.lun(target, lun), this);
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
    private final ScsiSocketTarget of;
    private final long blocks;
    private final int blockBytes;
    private final boolean trims;
    private final boolean writable;
    private final boolean cached;
    private final int maxTransferBytes;

    Device(VirtioScsiDriver driver, long lun, ScsiSocketTarget of) throws InitiatorException {
      this.driver = driver;
      this.lun = lun;
      this.of = of;
      awaitReady();
      ByteBuffer capacity = ask(READ_CAPACITY_16, 32);
      blocks = capacity.getLong(0) + 1;
      blockBytes = capacity.getInt(8);
      trims = (capacity.get(14) & PROVISIONING_MANAGED) != 0;
      ByteBuffer modes = ask(MODE_SENSE_CACHING, 64);
      writable = (modes.get(2) & WRITE_PROTECTED) == 0;
      cached = (modes.get(6) & WRITE_CACHE_ENABLED) != 0;
      if (blocks < 1 || Integer.bitCount(blockBytes) != 1 || blockBytes < 512) {
        throw refused("has " + blocks + " blocks of " + blockBytes + " bytes");
      }
      maxTransferBytes = maxTransfer();
    }

    private int maxTransfer() throws InitiatorException {
      ScsiResult limits = driver.read(lun, BLOCK_LIMITS, 64, PATIENCE);
      int most = limits.isGood() ? ByteBuffer.wrap(limits.data()).getInt(8) : 0;
      long bytes = most > 0 ? (long) most * blockBytes : USUAL_TRANSFER_BYTES;
      return (int) Math.min(Integer.MAX_VALUE, bytes);
    }

    /** What an initiator has to be told first is told by failing its first commands. */
    private void awaitReady() throws InitiatorException {
      ScsiResult result = driver.read(lun, TEST_UNIT_READY, 0, PATIENCE);
      for (int i = 0; i < MOST_ATTENTIONS && result.status() == CHECK_CONDITION; i++) {
        result = driver.read(lun, TEST_UNIT_READY, 0, PATIENCE);
      }
      if (!result.isGood()) {
        throw refused(
            "is not ready: response %d, status %02xh %s"
                .formatted(result.response(), result.status(), result.condition()));
      }
    }

    private ByteBuffer ask(byte[] cdb, int bytes) throws InitiatorException {
      ScsiResult result = driver.read(lun, cdb, bytes, PATIENCE);
      if (!result.isGood()) {
        throw refused("refuses command %02xh: %s".formatted(cdb[0], result.condition()));
      }
      byte[] padded = Arrays.copyOf(result.data(), bytes);
      return ByteBuffer.wrap(padded);
    }

    private InitiatorException refused(String why) {
      return new InitiatorException(Kind.REFUSED, of + " " + why);
    }

    @Override
    public long sizeBytes() {
      return blocks * blockBytes;
    }

    @Override
    public int blockBytes() {
      return blockBytes;
    }

    @Override
    public int maxTransferBytes() {
      return maxTransferBytes;
    }

    @Override
    public long maxTrimBytes() {
      return trims ? Integer.MAX_VALUE & -(long) blockBytes : 0;
    }

    @Override
    public boolean isWritable() {
      return writable;
    }

    @Override
    public boolean hasCache() {
      return cached;
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
          Integer.numberOfTrailingZeros(blockBytes),
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
