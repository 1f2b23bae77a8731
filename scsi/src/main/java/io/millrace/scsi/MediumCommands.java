package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.util.List;

/** GET LBA STATUS and PRE-FETCH: about blocks without moving them (SBC-4 §5). */
final class MediumCommands {
  private static final int LBA_STATUS_HEADER = 8;
  private static final int LBA_STATUS_DESCRIPTOR = 16;
  private static final long MOST_BLOCKS_DESCRIBED = 0xffff_ffffL;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("GET LBA STATUS(16)", "9e 00 ff ff ff ff ff ff ff ff ff ff ff ff 00 00")
              .action(0x12)
              .data(DataPhase.ANSWER, 10, 4)
              .lba(2, 8)
              .access(Access.READ)
              .without(14, 7, 0) // REPORT TYPE: all blocks
              .doneBy(MediumCommands::getLbaStatus),
          ScsiCommand.named("PRE-FETCH(10)", "34 02 ff ff ff ff 00 ff ff 00")
              .data(DataPhase.NONE, 7, 2)
              .lba(2, 4)
              .access(Access.READ)
              .withoutGroup()
              .doneBy(MediumCommands::prefetch),
          ScsiCommand.named("PRE-FETCH(16)", "90 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 00")
              .data(DataPhase.NONE, 10, 4)
              .lba(2, 8)
              .access(Access.READ)
              .withoutGroup()
              .doneBy(MediumCommands::prefetch));

  private MediumCommands() {}

  /**
   * One descriptor: all blocks from there on are mapped, or nobody knows (provisioning status 0); a
   * bdev does not tell where its holes are.
   */
  private static void getLbaStatus(LunPath path, ScsiTask task) {
    long lba = task.lba();
    long capacity = path.unit().bdev().blockCount();
    if (lba < 0 || lba >= capacity) {
      task.check(Sense.LBA_OUT_OF_RANGE);
      return;
    }
    task.answer()
        .put32(LBA_STATUS_HEADER + LBA_STATUS_DESCRIPTOR - Integer.BYTES) // bytes that follow
        .put32(0)
        .put64(lba)
        .put32(Math.min(capacity - lba, MOST_BLOCKS_DESCRIBED))
        .put32(0);
    task.good();
  }

  /**
   * A bdev with a cache reads the blocks, and CONDITION MET says that they are in it; GOOD says
   * that there is no room for them all. With IMMED they are still read first.
   */
  private static void prefetch(LunPath path, ScsiTask task) {
    LogicalUnit unit = path.unit();
    long lba = task.lba();
    long blocks = task.length() == 0 ? unit.bdev().blockCount() - lba : task.length();
    if (!unit.sizes().holds(lba, blocks)) {
      task.check(Sense.LBA_OUT_OF_RANGE);
    } else if (!unit.bdev().properties().volatileCache()
        || blocks > unit.sizes().maxTransferBlocks()) {
      task.good();
    } else {
      TaskSteps steps = task.steps();
      steps.at = lba << unit.blockShift();
      steps.left = blocks << unit.blockShift();
      if (blocks == 0) {
        task.end(ScsiStatus.CONDITION_MET);
      } else if (steps.room(steps.part(steps.left)) != 0) {
        steps.run(MediumCommands::read);
      }
    }
  }

  private static void read(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS) {
      task.end(status);
    } else if (steps.left == 0) {
      task.end(ScsiStatus.CONDITION_MET);
    } else {
      int part = steps.part(steps.left);
      task.begin(IoType.READ, steps.at, part);
      task.addSegment(steps.room(), part);
      steps.at += part;
      steps.left -= part;
      steps.submit();
    }
  }
}
