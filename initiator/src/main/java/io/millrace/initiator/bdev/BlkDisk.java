package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
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
import java.util.EnumSet;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A virtio-blk device. */
final class BlkDisk implements DiskDevice {
  private static final Logger LOG = LoggerFactory.getLogger(BlkDisk.class);

  /** Most announcements of one look: the other process may have no end of them. */
  private static final int ANNOUNCEMENTS = 16;

  private final VirtioBlkDriver driver;
  private final int block;
  private final QueuePool queues;
  private @Nullable FdWatch announcements;

  private BlkDisk(VirtioBlkDriver driver, int queues) {
    this.driver = driver;
    this.queues = new QueuePool(driver.memory(), 0, queues);
    boolean named = driver.has(VirtioBlk.F_BLK_SIZE);
    block = named ? driver.config().blockSize() : VirtioBlk.SECTOR_BYTES;
  }

  /** Connects to a device. */
  static BlkDisk open(Path socket, int queues) throws InitiatorException {
    BlkDriverOptions options =
        new BlkDriverOptions(
            FrontendOptions.defaults(),
            queues,
            VhostUserChannel.QUEUE_SIZE,
            VhostUserChannel.DEPTH,
            0,
            QueuePool.memoryBytes(queues),
            true,
            false,
            VirtioBlk.FEATURES);
    return new BlkDisk(VirtioBlkDriver.open(socket, options), queues);
  }

  @Override
  public BdevProperties properties(String name, UUID uuid) {
    BlkConfig config = driver.config();
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
    BdevLimits limits = VhostUserChannel.limits(unmapGranularity());
    long blocks = config.sizeBytes() / block;
    return new BdevProperties(
        name, uuid, "VirtioBlk Disk", block, physical, blocks, writable, cache, limits, types);
  }

  /** What the device says of discards, which it may leave open; 0 when it gives no storage back. */
  private long unmapGranularity() {
    BlkConfig config = driver.config();
    boolean gives = driver.has(VirtioBlk.F_WRITE_ZEROES) && config.writeZeroesMayUnmap() == 1;
    long sectors =
        driver.has(VirtioBlk.F_DISCARD)
            ? Integer.toUnsignedLong(config.discardAlignmentSectors())
            : 0;
    long bytes = sectors * VirtioBlk.SECTOR_BYTES;
    return gives ? Math.max(block, bytes) : bytes;
  }

  @Override
  public QueuePool queues() {
    return queues;
  }

  @Override
  public DiskQueue open(int queue) {
    return new BlkDiskQueue(driver, queue, block);
  }

  @Override
  public int socketDescriptor() {
    return driver.frontend().connection().descriptorNumber();
  }

  /**
   * Where the other process announces changes (BACKEND_REQ). The configuration is read when
   * something changed, so that the thread waits for the other process.
   */
  @Override
  public void follow(String name, Reactor control, Follower follower) {
    int descriptor = driver.frontend().backendRequestDescriptor();
    if (descriptor >= 0) {
      announcements =
          control.watch(descriptor, (readable, writable) -> announced(name, descriptor, follower));
    }
  }

  private void announced(String name, int descriptor, Follower follower) {
    try {
      boolean changed = false;
      Optional<BackendMessage> message = driver.frontend().backendRequest();
      for (int i = 1; message.isPresent(); i++) {
        changed |= message.get() instanceof BackendMessage.ConfigChange;
        message = i < ANNOUNCEMENTS ? driver.frontend().backendRequest() : Optional.empty();
      }
      if (changed) {
        follower.sized(driver.readConfig().sizeBytes() / block);
      }
      if (DescriptorPassing.isHungUp(descriptor)) {
        stopFollowing();
      }
    } catch (InitiatorException e) {
      LOG.warn("bdev {}: its size is not followed any more: {}", name, e.getMessage());
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
  public void close() {
    stopFollowing();
    DiskDevice.closeSoon(driver::close);
  }
}
