package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoType;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.ScsiUnit;
import io.millrace.initiator.VirtioScsi;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A logical unit of a SCSI controller. */
final class ScsiDisk implements DiskDevice {
  private static final Logger LOG = LoggerFactory.getLogger(ScsiDisk.class);
  private static final byte[] READ_CAPACITY = ScsiUnit.readCapacity();

  private final ScsiSession session;
  private final long lun;
  private final ScsiUnit unit;
  private final long answer; // to READ CAPACITY, in shared memory
  private final int token;
  private final AtomicBoolean capacityWanted = new AtomicBoolean(true); // what it is when followed
  private boolean asking;
  private int attentions; // in a row
  private @Nullable String name; // once it is followed
  private @Nullable Follower follower;

  ScsiDisk(ScsiSession session, long lun, ScsiUnit unit, long answer, int token) {
    this.session = session;
    this.lun = lun;
    this.unit = unit;
    this.answer = answer;
    this.token = token;
  }

  @Override
  public BdevProperties properties(String bdev, UUID uuid) {
    int block = unit.blockBytes();
    EnumSet<IoType> types = EnumSet.of(IoType.READ, IoType.FLUSH);
    if (unit.compares()) {
      types.add(IoType.COMPARE);
    }
    if (unit.writable()) {
      types.add(IoType.WRITE);
      if (unit.maxUnmapBlocks() != 0) {
        types.add(IoType.UNMAP);
      }
      if (unit.maxSameBlocks() != 0) {
        types.add(IoType.WRITE_ZEROES);
      }
    }
    if (unit.maxTransferBytes(block) < block) {
      throw new IllegalArgumentException("a command moves less than one of its blocks");
    }
    BdevLimits limits = VhostUserChannel.limits(unit.unmapGranularityBlocks() * block);
    return new BdevProperties(
        bdev,
        uuid,
        "Virtio SCSI Disk",
        block,
        unit.physicalBlockBytes(),
        unit.blocks(),
        unit.writable(),
        unit.cached(),
        limits,
        types);
  }

  @Override
  public QueuePool queues() {
    return session.queues();
  }

  @Override
  public DiskQueue open(int queue) {
    return new ScsiDiskQueue(session.queue(queue), queue, lun, unit, this::capacityChanged);
  }

  @Override
  public int socketDescriptor() {
    return session.socketDescriptor();
  }

  /** Any thread: the unit says that it has another size. */
  private void capacityChanged() {
    if (capacityWanted.compareAndSet(false, true)) {
      session.lookSoon();
    }
  }

  @Override
  public void follow(String bdev, Reactor control, Follower told) {
    name = bdev;
    follower = told;
    session.follow(control);
  }

  boolean isAt(long address) {
    return VirtioScsi.isSameUnit(lun, address);
  }

  void wantCapacity() {
    capacityWanted.set(true);
  }

  void removed() {
    Follower told = follower;
    if (told != null) {
      LOG.warn("bdev {}: the other process has removed its logical unit; remove it too", name);
      told.gone();
    }
  }

  /** Asks for the size if somebody wants to know it, and nobody has asked. */
  void askIfWanted(ScsiRequestQueue commands) {
    if (follower != null && !asking && capacityWanted.compareAndSet(true, false)) {
      asking = true;
      commands.submit(
          lun,
          token,
          VirtioScsi.ATTRIBUTE_SIMPLE,
          READ_CAPACITY,
          answer,
          ScsiUnit.CAPACITY_BYTES,
          true,
          token);
    }
  }

  /**
   * What was asked is answered.
   *
   * @param attention the unit had something to say first
   */
  void answered(boolean good, boolean attention) {
    asking = false;
    Follower told = follower;
    if (told == null) {
      return;
    }
    if (attention && ++attentions < ScsiUnit.MOST_ATTENTIONS) {
      capacityWanted.set(true);
      return;
    }
    attentions = 0;
    long blocks = Long.reverseBytes(RawMemory.getLong(answer)) + 1;
    int block = Integer.reverseBytes(RawMemory.getInt(answer + ScsiUnit.CAPACITY_BLOCK_LENGTH_AT));
    if (!good) {
      LOG.warn("bdev {}: the logical unit does not tell its size; it stays as it was", name);
    } else if (block != unit.blockBytes() || blocks < 1 || blocks > Long.MAX_VALUE / block) {
      LOG.warn(
          "bdev {}: now of {} blocks of {} bytes; remove it, open it again", name, blocks, block);
    } else {
      told.sized(blocks);
    }
  }

  @Override
  public void close() {
    follower = null;
    session.closed();
  }
}
