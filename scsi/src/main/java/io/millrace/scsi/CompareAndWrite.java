package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.util.List;

/**
 * COMPARE AND WRITE (SBC-4 §5): nobody else, of whatever transport, writes to its blocks between
 * the comparison and the write. Its data is the blocks to compare with and then the ones to write.
 * INFORMATION of a miscompare is the offset of the first byte that differs.
 *
 * <p>Done again from its start it would miscompare with what it wrote. So it tells when it has
 * compared, before it writes: from then on it only has to write; and when it has written, before it
 * gives up its lock: from then on it must not, as others may have written since.
 */
final class CompareAndWrite {
  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("COMPARE AND WRITE", "89 18 ff ff ff ff ff ff ff ff 00 00 00 ff 00 00")
              .data(DataPhase.BLOCKS, 13, 1)
              .lba(2, 8)
              .carries((cdb, about) -> 2 * about)
              .atMost(TransferSizes::maxCompareBlocks)
              .forceUnitAccess(1)
              .withoutProtection()
              .withoutGroup()
              .does(IoType.WRITE)
              .doneBy(CompareAndWrite::execute));

  private CompareAndWrite() {}

  private static void execute(LunPath path, ScsiTask task) {
    TaskSteps steps = task.steps();
    steps.at = task.lba() << path.unit().blockShift();
    steps.left = task.length() << path.unit().blockShift();
    if (path.isWriteProtected()) {
      task.check(Sense.WRITE_PROTECTED);
    } else if (steps.left == 0 || task.milestone() == RecoverableIo.WRITTEN) {
      task.good();
    } else if (steps.room(steps.left) != 0) {
      steps.run(CompareAndWrite::lock);
    }
  }

  private static void lock(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    steps.then(
        task.milestone() == RecoverableIo.COMPARED
            ? CompareAndWrite::write
            : CompareAndWrite::read);
    steps.lock(steps.at, steps.left);
  }

  private static void read(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    task.begin(IoType.READ, steps.at, steps.left);
    task.addSegment(steps.room(), (int) steps.left);
    steps.then(CompareAndWrite::compare);
    steps.submit();
  }

  private static void compare(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS) {
      task.end(status);
      return;
    }
    long difference = BlockCompare.difference(task.blocks(), steps.room(), steps.left);
    if (difference != BlockCompare.SAME) {
      task.check(Sense.MISCOMPARE_DURING_VERIFY, difference);
      return;
    }
    task.reached(RecoverableIo.COMPARED);
    write(task, status);
  }

  private static void write(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    ScsiCommand command = task.command;
    task.begin(IoType.WRITE, steps.at, steps.left);
    task.addSegment(task.blocks() + steps.left, (int) steps.left);
    boolean forced = command != null && command.forcesUnitAccess(task.cdb());
    if (forced || !task.path().unit().modes().writeCache()) {
      task.forceUnitAccess();
    }
    steps.finallyThen(CompareAndWrite::written);
    steps.submit();
  }

  private static void written(ScsiTask task, IoStatus status) {
    if (status == IoStatus.SUCCESS) {
      task.reached(RecoverableIo.WRITTEN);
    }
    task.end(status);
  }
}
