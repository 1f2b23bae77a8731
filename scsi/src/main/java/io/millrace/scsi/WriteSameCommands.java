package io.millrace.scsi;

import static io.millrace.scsi.DataPhase.BLOCKS;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.util.List;

/**
 * WRITE SAME (SBC-4 §5): one block, or zeroes with NDOB, written to many. Zeroes are left to a bdev
 * that can make them; with UNMAP it may give the storage of such blocks back. Anchored blocks are
 * not supported: ANCHOR is refused.
 */
final class WriteSameCommands {
  private static final int UNMAP_BIT = 3;
  private static final int UNMAP = 1 << UNMAP_BIT;
  private static final int NDOB = 1;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("WRITE SAME(10)", "41 08 ff ff ff ff 00 ff ff 00")
              .data(BLOCKS, 7, 2)
              .lba(2, 4)
              .carries((cdb, about) -> 1)
              .atMost(TransferSizes::maxUnmapBlocks)
              .withoutProtection()
              .withoutGroup()
              .does(IoType.WRITE_ZEROES)
              .doneBy((path, task) -> writeSame(path, task, 1, 7)),
          ScsiCommand.named("WRITE SAME(16)", "93 09 ff ff ff ff ff ff ff ff ff ff ff ff 00 00")
              .data(BLOCKS, 10, 4)
              .lba(2, 8)
              .carries((cdb, about) -> (cdb[1] & NDOB) != 0 ? 0 : 1)
              .atMost(TransferSizes::maxUnmapBlocks)
              .withoutProtection()
              .withoutGroup()
              .does(IoType.WRITE_ZEROES)
              .doneBy((path, task) -> writeSame(path, task, 1, 10)),
          ScsiCommand.named("WRITE SAME(32)", BlockCommands.long32(0x09))
              .action(0x0d)
              .data(BLOCKS, 28, 4)
              .lba(12, 8)
              .carries((cdb, about) -> (cdb[10] & NDOB) != 0 ? 0 : 1)
              .atMost(TransferSizes::maxUnmapBlocks)
              .withoutProtection()
              .withoutGroup()
              .does(IoType.WRITE_ZEROES)
              .doneBy((path, task) -> writeSame(path, task, 10, 28)));

  private WriteSameCommands() {}

  private static void writeSame(LunPath path, ScsiTask task, int flagsAt, int lengthAt) {
    LogicalUnit unit = path.unit();
    boolean unmap = (task.cdb()[flagsAt] & UNMAP) != 0;
    long blocks = task.length();
    if (blocks == 0) {
      blocks = unit.bdev().blockCount() - task.lba(); // to the end of the medium, as WSNZ is 0
    }
    if (path.isWriteProtected()) {
      task.check(Sense.WRITE_PROTECTED);
    } else if (unmap && !unit.bdev().supports(IoType.UNMAP)) {
      task.checkField(flagsAt, UNMAP_BIT);
    } else if (!unit.sizes().holds(task.lba(), blocks)) {
      task.check(Sense.LBA_OUT_OF_RANGE); // the medium has become smaller meanwhile
    } else if (blocks > unit.sizes().maxUnmapBlocks()) {
      task.checkField(lengthAt, -1);
    } else if (blocks == 0) {
      task.good();
    } else {
      begin(unit, task, blocks << unit.blockShift(), unmap);
    }
  }

  private static void begin(LogicalUnit unit, ScsiTask task, long bytes, boolean unmap) {
    int blockBytes = 1 << unit.blockShift();
    TaskSteps steps = task.steps();
    steps.at = task.lba() << unit.blockShift();
    steps.left = bytes;
    steps.index = unmap ? UNMAP : 0;
    boolean zero = task.blocks == null || BlockCompare.isZero(task.blocks(), blockBytes);
    if (zero && unit.bdev().supports(IoType.WRITE_ZEROES)) {
      steps.run(WriteSameCommands::zeroes);
      return;
    }
    int part = steps.part(bytes);
    long room = steps.room(part);
    if (room == 0) {
      return;
    }
    if (!zero) {
      BlockCompare.repeat(task.blocks(), blockBytes, room, part);
    }
    steps.run(WriteSameCommands::write);
  }

  private static void zeroes(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS || steps.left == 0) {
      task.end(status);
      return;
    }
    LogicalUnit unit = task.path().unit();
    long most = unit.bdev().properties().limits().maxUnmapBytes();
    long part = Math.min(steps.left, most);
    task.begin(IoType.WRITE_ZEROES, steps.at, part);
    if (steps.index == UNMAP) {
      task.allowUnmap();
    }
    submit(task, part);
  }

  private static void write(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS || steps.left == 0) {
      task.end(status);
      return;
    }
    int part = steps.part(steps.left);
    task.begin(IoType.WRITE, steps.at, part);
    task.addSegment(steps.room(), part);
    submit(task, part);
  }

  /** It has no FUA: without a write cache it is durable when it is done. */
  private static void submit(ScsiTask task, long part) {
    TaskSteps steps = task.steps();
    if (!task.path().unit().modes().writeCache()) {
      task.forceUnitAccess();
    }
    steps.at += part;
    steps.left -= part;
    steps.submit();
  }
}
