package io.millrace.initiator.bdev;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.RequestQueue;
import io.millrace.initiator.ScsiCdb;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiCondition;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.ScsiUnit;
import io.millrace.initiator.VirtioScsi;
import io.millrace.linux.RawMemory;
import org.jspecify.annotations.Nullable;

/** Commands to one logical unit (SBC-4 §5, virtio 1.3 §5.6.6.1). Data path. */
final class ScsiDiskQueue implements DiskQueue {
  /** Longest UNMAP: its descriptor has 32 bits for a number of blocks. */
  private static final long MOST_BLOCKS = 0xffff_ffffL;

  private final ScsiRequestQueue queue;
  private final long lun;
  private final ScsiUnit unit;
  private final Runnable capacityChanged;
  private final int blockShift;
  private final int maxTransferBytes;
  private final long tags; // of this queue: they differ within a session
  private final byte[] cdb = new byte[ScsiCdb.BYTES_16];
  private final byte[] unmap = ScsiCdb.unmapOfOne();
  private final int[] opcodes = new int[VhostUserChannel.DEPTH]; // by slot
  private final ScsiCompletion completion = this::completed;
  private @Nullable Ends ends;

  /**
   * A queue.
   *
   * @param index of it, 1 or more: commands outside of channels have the first tags
   * @param lun of {@link VirtioScsi#lun}
   * @param capacityChanged is told that the unit says so; cheap, any thread
   */
  ScsiDiskQueue(
      ScsiRequestQueue queue, int index, long lun, ScsiUnit unit, Runnable capacityChanged) {
    this.queue = queue;
    this.lun = lun;
    this.unit = unit;
    this.capacityChanged = capacityChanged;
    blockShift = Integer.numberOfTrailingZeros(unit.blockBytes());
    maxTransferBytes = unit.maxTransferBytes(VhostUserChannel.SLOT_BYTES);
    tags = (long) index << Integer.SIZE;
  }

  @Override
  public RequestQueue requests() {
    return queue;
  }

  @Override
  public int maxTransferBytes() {
    return maxTransferBytes;
  }

  @Override
  public boolean flushes() {
    return true; // a cache may be switched on at any time
  }

  @Override
  public boolean forcesUnitAccess(IoType type) {
    return type == IoType.WRITE && unit.forcesUnitAccess();
  }

  @Override
  public void transfer(
      IoType type, long offsetBytes, long buffer, int bytes, boolean durable, int slot) {
    long block = offsetBytes >>> blockShift;
    int blocks = bytes >>> blockShift;
    switch (type) {
      case READ -> ScsiCdb.fill(cdb, ScsiCdb.READ_16, 0, block, blocks);
      case COMPARE -> ScsiCdb.fill(cdb, ScsiCdb.VERIFY_16, ScsiCdb.BYTE_CHECK, block, blocks);
      default -> {
        boolean forced = durable && unit.forcesUnitAccess();
        int flags = forced ? ScsiCdb.FORCE_UNIT_ACCESS : 0;
        ScsiCdb.fill(cdb, ScsiCdb.WRITE_16, flags, block, blocks);
      }
    }
    submit(cdb, buffer, bytes, type == IoType.READ, slot);
  }

  @Override
  public long clear(
      IoType type, long offsetBytes, long leftBytes, boolean mayUnmap, long buffer, int slot) {
    long block = offsetBytes >>> blockShift;
    long left = leftBytes >>> blockShift;
    if (type == IoType.UNMAP) {
      // The limit is one of all descriptors together: a second one would be of no use.
      long blocks = Math.min(left, Math.min(unit.maxUnmapBlocks(), MOST_BLOCKS));
      ScsiCdb.putUnmapList(buffer, block, blocks);
      submit(unmap, buffer, ScsiCdb.UNMAP_LIST_BYTES, false, slot);
      return blocks << blockShift;
    }
    long blocks = Math.min(left, unit.maxSameBlocks());
    int flags = mayUnmap && unit.sameUnmaps() ? ScsiCdb.SAME_UNMAP : 0;
    int bytes = 0;
    if (unit.sameWithoutData()) {
      flags |= ScsiCdb.SAME_WITHOUT_DATA;
    } else {
      bytes = unit.blockBytes();
      RawMemory.fill(buffer, bytes, (byte) 0);
    }
    ScsiCdb.fill(cdb, ScsiCdb.WRITE_SAME_16, flags, block, blocks);
    submit(cdb, buffer, bytes, false, slot);
    return blocks << blockShift;
  }

  @Override
  public void flush(int slot) {
    ScsiCdb.fill(cdb, ScsiCdb.SYNCHRONIZE_CACHE_16, 0, 0, 0);
    submit(cdb, 0, 0, false, slot);
  }

  private void submit(byte[] command, long buffer, int bytes, boolean in, int slot) {
    opcodes[slot] = command[0] & 0xff;
    queue.submit(lun, tags | slot, VirtioScsi.ATTRIBUTE_SIMPLE, command, buffer, bytes, in, slot);
  }

  @Override
  public int poll(Ends to) {
    ends = to;
    return queue.poll(completion);
  }

  private void completed(long token, int response, int status, int at, long writtenBytes) {
    Ends told = ends;
    if (told == null) {
      return;
    }
    int slot = (int) token;
    switch (response) {
      case VirtioScsi.S_OK -> ended(told, slot, status, at);
      case VirtioScsi.S_BUSY -> told.again(slot, true);
      case VirtioScsi.S_ABORTED, VirtioScsi.S_RESET -> told.again(slot, false);
      default -> told.done(slot, IoStatus.IO_ERROR);
    }
  }

  private void ended(Ends told, int slot, int status, int at) {
    switch (status) {
      case VirtioScsi.GOOD -> told.done(slot, moved(slot, at));
      case VirtioScsi.BUSY, VirtioScsi.TASK_SET_FULL -> told.again(slot, true);
      case VirtioScsi.CHECK_CONDITION -> checked(told, slot, at);
      default -> told.done(slot, IoStatus.IO_ERROR);
    }
  }

  /** A transfer that moved less than it was to is an error, whatever its status says. */
  private IoStatus moved(int slot, int at) {
    boolean transfers =
        switch (opcodes[slot]) {
          case ScsiCdb.READ_16, ScsiCdb.WRITE_16, ScsiCdb.VERIFY_16 -> true;
          default -> false;
        };
    return transfers && queue.residual(at) != 0 ? IoStatus.IO_ERROR : IoStatus.SUCCESS;
  }

  private void checked(Ends told, int slot, int at) {
    int condition = queue.condition(at);
    switch (ScsiCondition.key(condition)) {
      case ScsiCondition.KEY_UNIT_ATTENTION -> {
        if (condition == ScsiCondition.CAPACITY_CHANGED) {
          capacityChanged.run();
        }
        told.again(slot, false);
      }
      case ScsiCondition.KEY_ABORTED_COMMAND -> told.again(slot, false);
      case ScsiCondition.KEY_RECOVERED_ERROR -> told.done(slot, moved(slot, at));
      case ScsiCondition.KEY_MISCOMPARE -> told.done(slot, IoStatus.MISCOMPARE);
      case ScsiCondition.KEY_DATA_PROTECT ->
          told.done(
              slot,
              condition == ScsiCondition.SPACE_ALLOCATION_FAILED
                  ? IoStatus.NO_SPACE
                  : IoStatus.READ_ONLY);
      default -> failed(told, slot, condition);
    }
  }

  private void failed(Ends told, int slot, int condition) {
    switch (condition) {
      case ScsiCondition.BECOMING_READY -> told.again(slot, true);
      case ScsiCondition.LBA_OUT_OF_RANGE -> told.done(slot, IoStatus.OUT_OF_RANGE);
      case ScsiCondition.INVALID_OPCODE -> {
        boolean flush = opcodes[slot] == ScsiCdb.SYNCHRONIZE_CACHE_16;
        // Without a cache there is nothing to synchronize, and no such command either.
        told.done(slot, flush && !unit.cached() ? IoStatus.SUCCESS : IoStatus.UNSUPPORTED);
      }
      default -> told.done(slot, IoStatus.IO_ERROR);
    }
  }
}
