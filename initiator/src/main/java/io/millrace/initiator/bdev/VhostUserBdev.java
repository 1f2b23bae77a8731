package io.millrace.initiator.bdev;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkConfig;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.BackendMessage;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A disk that another process serves over vhost-user. The other process sees memory of the driver's
 * own, never that of the requests: data is copied, and what the process does to its memory harms
 * nobody else. When it hangs up, requests fail until the bdev is removed and made again.
 */
public final class VhostUserBdev extends Bdev {
  private static final Logger LOG = LoggerFactory.getLogger(VhostUserBdev.class);
  private static final int QUEUE_SIZE = 128;

  /** Most announcements of one look: the other process may have no end of them. */
  private static final int ANNOUNCEMENTS = 16;

  private final VirtioBlkDriver driver;
  private final Path socket;
  private final long[] slotMemory; // by queue
  private final BitSet freeQueues = new BitSet(); // guarded by itself
  private @Nullable FdWatch announcements; // control thread's

  private VhostUserBdev(
      BdevProperties properties, VirtioBlkDriver driver, Path socket, long[] slotMemory) {
    super(properties);
    this.driver = driver;
    this.socket = socket;
    this.slotMemory = slotMemory;
    freeQueues.set(0, slotMemory.length);
  }

  /**
   * Connects to a disk.
   *
   * @param socket path of the other process's socket
   * @param queues how many reactors can use it at the same time, at most what it has
   */
  public static VhostUserBdev open(String name, UUID uuid, Path socket, int queues)
      throws BdevException {
    long memory = (long) queues * VhostUserChannel.MEMORY_BYTES + 4096;
    BlkDriverOptions options =
        new BlkDriverOptions(
            FrontendOptions.defaults(),
            queues,
            QUEUE_SIZE,
            VhostUserChannel.DEPTH,
            0,
            memory,
            true,
            false,
            VirtioBlk.FEATURES);
    VirtioBlkDriver driver;
    try {
      driver = VirtioBlkDriver.open(socket, options);
    } catch (InitiatorException e) {
      throw new BdevException(Kind.SYSTEM, "bdev " + name + ": " + e.getMessage(), e);
    }
    try {
      BdevProperties properties = properties(name, uuid, driver);
      long[] slots = new long[queues];
      for (int i = 0; i < queues; i++) {
        slots[i] = driver.memory().allocate(VhostUserChannel.MEMORY_BYTES, 4096);
      }
      return new VhostUserBdev(properties, driver, socket, slots);
    } catch (IllegalArgumentException e) {
      driver.close();
      throw new BdevException(
          Kind.INVALID, "bdev " + name + ": the disk at " + socket + ": " + e.getMessage(), e);
    }
  }

  private static BdevProperties properties(String name, UUID uuid, VirtioBlkDriver driver) {
    BlkConfig config = driver.config();
    boolean named = driver.has(VirtioBlk.F_BLK_SIZE);
    int block = named ? config.blockSize() : VirtioBlk.SECTOR_BYTES;
    if (!BdevProperties.isBlockSize(block)) {
      throw new IllegalArgumentException("its block size is " + block);
    }
    boolean topology = driver.has(VirtioBlk.F_TOPOLOGY) && config.physicalBlockExponent() <= 8;
    int physical = topology ? block << config.physicalBlockExponent() : block;
    boolean writable = !driver.has(VirtioBlk.F_RO);
    boolean settable = driver.has(VirtioBlk.F_CONFIG_WCE);
    boolean cache = driver.has(VirtioBlk.F_FLUSH) && (!settable || config.writeback() == 1);
    EnumSet<IoType> types = EnumSet.of(IoType.READ, IoType.FLUSH);
    if (writable) {
      types.add(IoType.WRITE);
      if (driver.has(VirtioBlk.F_DISCARD) && config.maxDiscardSectors() != 0) {
        types.add(IoType.UNMAP);
      }
      if (driver.has(VirtioBlk.F_WRITE_ZEROES) && config.maxWriteZeroesSectors() != 0) {
        types.add(IoType.WRITE_ZEROES);
      }
    }
    BdevLimits limits =
        new BdevLimits(
                BdevLimits.MAX_TRANSFER_BYTES,
                BdevLimits.MAX_SEGMENTS,
                1,
                VhostUserChannel.SLOT_BYTES)
            .withUnmap(BdevLimits.MAX_TRANSFER_BYTES, unmapGranularity(driver, block));
    long blocks = config.sizeBytes() / block;
    return new BdevProperties(
        name, uuid, "VirtioBlk Disk", block, physical, blocks, writable, cache, limits, types);
  }

  /** What the device says of discards, which it may leave open; 0 when it gives no storage back. */
  private static int unmapGranularity(VirtioBlkDriver driver, int block) {
    BlkConfig config = driver.config();
    boolean gives = driver.has(VirtioBlk.F_WRITE_ZEROES) && config.writeZeroesMayUnmap() == 1;
    long sectors =
        driver.has(VirtioBlk.F_DISCARD)
            ? Integer.toUnsignedLong(config.discardAlignmentSectors())
            : 0;
    long bytes = Math.min(sectors * VirtioBlk.SECTOR_BYTES, BdevLimits.MAX_TRANSFER_BYTES);
    return (int) (gives ? Math.max(block, bytes) : bytes);
  }

  /**
   * Follows the disk's size from now on, where the other process announces that (BACKEND_REQ). The
   * configuration is read when something changed, so that the thread waits for the other process.
   *
   * @param control runs the thread of the registry
   * @param registry tells the openers
   */
  public void followSize(Reactor control, BdevRegistry registry) {
    int descriptor = driver.frontend().backendRequestDescriptor();
    if (descriptor >= 0 && announcements == null) {
      announcements =
          control.watch(descriptor, (readable, writable) -> announced(descriptor, registry));
    }
  }

  private void announced(int descriptor, BdevRegistry registry) {
    try {
      boolean changed = false;
      Optional<BackendMessage> message = driver.frontend().backendRequest();
      for (int i = 1; message.isPresent(); i++) {
        changed |= message.get() instanceof BackendMessage.ConfigChange;
        message = i < ANNOUNCEMENTS ? driver.frontend().backendRequest() : Optional.empty();
      }
      long blocks = changed ? driver.readConfig().sizeBytes() / properties().blockSize() : 0;
      if (blocks > 0 && blocks != blockCount()) {
        blockCount(blocks);
        registry.resized(this);
      }
      if (DescriptorPassing.isHungUp(descriptor)) {
        stopFollowing();
      }
    } catch (InitiatorException e) {
      LOG.warn("bdev {}: its size is not followed any more: {}", name(), e.getMessage());
      stopFollowing();
    }
  }

  private void stopFollowing() {
    if (announcements != null) {
      announcements.close();
      announcements = null;
    }
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    int queue;
    synchronized (freeQueues) {
      queue = freeQueues.nextSetBit(0);
      if (queue < 0) {
        throw new BdevException(
            Kind.BUSY,
            "bdev %s: all %d queues are in use by other reactors; open it with more queues"
                .formatted(name(), slotMemory.length));
      }
      freeQueues.clear(queue);
    }
    return new VhostUserChannel(this, reactor, driver, queue, slotMemory[queue]);
  }

  void giveBack(int queue) {
    synchronized (freeQueues) {
      freeQueues.set(queue);
    }
  }

  @Override
  public Map<String, Object> driverSpecific() {
    return Map.of("virtio", Map.of("type", "user", "socket", socket.toString()));
  }

  @Override
  protected void destroy() {
    stopFollowing();
    driver.close();
  }
}
