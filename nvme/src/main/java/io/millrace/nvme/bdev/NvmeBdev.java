package io.millrace.nvme.bdev;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MemoryListener;
import io.millrace.nvme.ControllerData;
import io.millrace.nvme.NamespaceData;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeException;
import io.millrace.nvme.NvmeStatus;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A namespace as a bdev. Its requests go to the controller as they are, their data straight from
 * and to the memory they point at; only memory that the controller cannot reach, or cannot name,
 * goes by way of a copy, which is counted.
 */
public final class NvmeBdev extends Bdev {
  private static final Logger LOG = LoggerFactory.getLogger(NvmeBdev.class);
  private static final int PROTECTION_BYTES = 8;
  private static final long BETWEEN_LINES_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final NvmeController controller;
  private final NamespaceData namespace;
  private final GuestMemory memory = new GuestMemory();
  private final LongAdder bouncedBytes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final AtomicLong lastLineNanos = new AtomicLong(System.nanoTime() - BETWEEN_LINES_NANOS);
  private final NvmeDescription description;

  NvmeBdev(
      String name,
      UUID uuid,
      NvmeController controller,
      NamespaceData namespace,
      NvmeDescription description) {
    super(properties(name, uuid, controller.data(), namespace));
    this.controller = controller;
    this.namespace = namespace;
    this.description = description;
  }

  /**
   * Whether a namespace can be a bdev: with metadata it can only if the controller makes and checks
   * it all by itself.
   */
  static boolean isUsable(NamespaceData namespace) {
    return namespace.metadataBytes() == 0 || makesProtection(namespace);
  }

  static boolean makesProtection(NamespaceData namespace) {
    return namespace.protection() != 0 && namespace.metadataBytes() == PROTECTION_BYTES;
  }

  private static BdevProperties properties(
      String name, UUID uuid, ControllerData data, NamespaceData namespace) {
    int block = namespace.blockBytes();
    int granularity =
        (int) Math.min(1 << 30, (long) namespace.deallocateBlocks() << namespace.blockShift());
    long boundary = (long) namespace.boundaryBlocks() << namespace.blockShift();
    int optimal = boundary > BdevLimits.MAX_TRANSFER_BYTES ? 0 : (int) boundary;
    return new BdevProperties(
        name,
        uuid,
        "NVMe disk",
        block,
        Math.max(block, granularityOfWrites(namespace)),
        namespace.blockCount(),
        !namespace.writeProtected(),
        data.volatileCache(),
        new BdevLimits(
                BdevLimits.MAX_TRANSFER_BYTES, BdevLimits.MAX_SEGMENTS, Integer.BYTES, optimal)
            .withUnmap(BdevLimits.MAX_TRANSFER_BYTES, granularity),
        types(data, namespace));
  }

  /** What it writes at once, where it says so and it is a power of two. */
  private static int granularityOfWrites(NamespaceData namespace) {
    long bytes = (long) namespace.optimalWriteBlocks() << namespace.blockShift();
    return bytes <= BdevProperties.MAX_BLOCK_SIZE && Long.bitCount(bytes) == 1 ? (int) bytes : 0;
  }

  private static Set<IoType> types(ControllerData data, NamespaceData namespace) {
    EnumSet<IoType> types = EnumSet.of(IoType.READ, IoType.FLUSH);
    if (data.hasCompare() && namespace.protection() == 0) { // tags it would need, it does not make
      types.add(IoType.COMPARE);
    }
    if (!namespace.writeProtected()) {
      types.add(IoType.WRITE);
      if (data.hasDeallocate()) {
        types.add(IoType.UNMAP);
      }
      if (data.hasWriteZeroes()) {
        types.add(IoType.WRITE_ZEROES);
      }
      if (namespace.zoneBlocks() > 0) {
        types.add(IoType.ZONE_APPEND);
      }
    }
    return types;
  }

  /** Its controller. */
  public NvmeController controller() {
    return controller;
  }

  /** Its namespace as it was when the bdev was made; only the size may be another now. */
  public NamespaceData namespace() {
    return namespace;
  }

  /** Bytes that went by way of a copy because the controller could not reach them. Any thread. */
  public long bouncedBytes() {
    return bouncedBytes.sum();
  }

  void bounced(long bytes) {
    bouncedBytes.add(bytes);
  }

  /** The namespace has another size. Control thread. */
  void resize(long blocks) {
    blockCount(blocks);
  }

  /** A request failed; the log has a line now and then. Reactors' threads. */
  void failed(String request, int status) {
    failures.increment();
    long now = System.nanoTime();
    long last = lastLineNanos.get();
    if (now - last >= BETWEEN_LINES_NANOS && lastLineNanos.compareAndSet(last, now)) {
      LOG.warn(
          "bdev {}: {} failed: {} ({} failures so far)",
          name(),
          request,
          NvmeStatus.text(status),
          failures.sum());
    }
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    try {
      return new NvmeChannel(this, reactor, controller.acquire(reactor));
    } catch (NvmeException e) {
      throw NvmeErrors.of(e);
    }
  }

  @Override
  protected MemoryListener memoryListener() {
    return memory;
  }

  @Override
  public Map<String, Object> driverSpecific() {
    return description.of(this);
  }

  /** Has the controller reach the memory that this bdev's requests point at. */
  private final class GuestMemory implements MemoryListener {
    @Override
    public void memoryAdded(Bdev bdev, long address, long bytes) {
      if (bdev.reaches(NvmeBdev.this)) {
        controller.addMemory(address, bytes);
      }
    }

    @Override
    public void memoryRemoved(Bdev bdev, long address, long bytes) {
      if (bdev.reaches(NvmeBdev.this)) {
        controller.removeMemory(address, bytes);
      }
    }
  }
}
