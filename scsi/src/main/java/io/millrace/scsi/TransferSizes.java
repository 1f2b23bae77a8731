package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoType;
import org.jspecify.annotations.Nullable;

/** How much of a logical unit one command may be about (SBC-4 §6.6.4). Immutable; any thread. */
final class TransferSizes {
  private static final int MOST_TRANSFER_BYTES = 4 << 20;
  private static final long MOST_UNMAP_BYTES = 1L << 32;
  private static final int MOST_COMPARE_BYTES = 64 << 10;
  private static final int MOST_COMPARE_BLOCKS = 255; // its field has one byte
  private static final int SIX_BYTE_CDB = 6;

  private final Bdev bdev;
  private final int blockShift;
  private final int partBytes;

  TransferSizes(Bdev bdev) {
    this.bdev = bdev;
    blockShift = Integer.numberOfTrailingZeros(bdev.properties().blockSize());
    BdevLimits limits = bdev.properties().limits();
    partBytes =
        Math.min(Math.min(limits.turnBytes(), limits.maxTransferBytes()), MOST_TRANSFER_BYTES);
  }

  int blockShift() {
    return blockShift;
  }

  /** MAXIMUM TRANSFER LENGTH, in blocks: of what carries data. */
  int maxTransferBlocks() {
    return MOST_TRANSFER_BYTES >> blockShift;
  }

  /** OPTIMAL TRANSFER LENGTH, in blocks: longer ones are done in parts. */
  int optimalTransferBlocks() {
    return partBytes() >> blockShift;
  }

  /** MAXIMUM UNMAP LBA COUNT, in blocks: of one UNMAP or WRITE SAME, in however many parts. */
  int maxUnmapBlocks() {
    return (int) Math.min(Integer.MAX_VALUE, MOST_UNMAP_BYTES >> blockShift);
  }

  /** MAXIMUM COMPARE AND WRITE LENGTH, in blocks: in one part, for nobody else writes meanwhile. */
  int maxCompareBlocks() {
    return Math.min(MOST_COMPARE_BLOCKS, Math.min(MOST_COMPARE_BYTES, partBytes()) >> blockShift);
  }

  /** Bytes that are read or written in one part. */
  int partBytes() {
    return partBytes;
  }

  /** Whether blocks are all on the medium; both numbers may be any, unsigned. */
  boolean holds(long lba, long blocks) {
    long capacity = bdev.blockCount();
    return lba >= 0 && blocks >= 0 && lba <= capacity && blocks <= capacity - lba;
  }

  /**
   * Fills a task that moves blocks, or refuses it.
   *
   * @param first bytes 0 to 7 of its CDB, as one number
   * @param second bytes 8 to 15
   */
  void transfer(ScsiTask task, ScsiCommand command, long first, long second) {
    byte[] cdb = task.cdb();
    CdbField field = command.length;
    long lba = command.lba.of(cdb, first, second);
    long blocks = field.of(cdb, first, second);
    if (blocks == 0 && command.cdbBytes() == SIX_BYTE_CDB) {
      blocks = 256; // SBC-4 §5.13: the only commands in which none means many
    }
    long carried = command.carried.blocks(cdb, blocks);
    if (!holds(lba, blocks)) {
      task.refuse(Sense.LBA_OUT_OF_RANGE);
    } else if (carried > maxTransferBlocks() || blocks > command.most(this)) {
      task.refuseField(field.at(), -1);
    } else if (command.phase == DataPhase.BLOCKS) {
      room(task, carried << blockShift);
    } else {
      IoType type = command.phase == DataPhase.FROM_DISK ? IoType.READ : IoType.WRITE;
      task.begin(type, lba << blockShift, blocks << blockShift);
      task.dataBytes = carried << blockShift;
    }
  }

  private static void room(ScsiTask task, long bytes) {
    if (bytes == 0) {
      task.phase = DataPhase.NONE;
      return;
    }
    @Nullable BlockBuffer buffer = BlockBuffer.of(bytes);
    if (buffer == null) {
      task.refuseBusy();
    } else {
      task.blocks = buffer;
      task.dataBytes = bytes;
    }
  }
}
