package io.millrace.scsi;

import static io.millrace.scsi.DataPhase.BLOCKS;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.util.List;

/**
 * VERIFY and WRITE AND VERIFY (SBC-4 §5): blocks are read from the medium into memory of the device
 * server, in parts, and compared there. INFORMATION of a miscompare is the offset of the first byte
 * that differs, counted from the first block of the command.
 */
final class VerifyCommands {
  private static final int MEDIUM_ONLY = 0; // BYTCHK
  private static final int EACH_BLOCK = 1;
  private static final int RESERVED = 2;
  private static final int ONE_FOR_ALL = 3;
  private static final int BYTCHK_BIT = 2; // its highest

  static final List<ScsiCommand> ROWS =
      List.of(
          verify("VERIFY(10)", "2f 16 ff ff ff ff 00 ff ff 00", 7, 2, 1)
              .lba(2, 4)
              .doneBy((path, task) -> verify(path, task, 1)),
          verify("VERIFY(12)", "af 16 ff ff ff ff ff ff ff ff 00 00", 6, 4, 1)
              .lba(2, 4)
              .doneBy((path, task) -> verify(path, task, 1)),
          verify("VERIFY(16)", "8f 16 ff ff ff ff ff ff ff ff ff ff ff ff 00 00", 10, 4, 1)
              .lba(2, 8)
              .doneBy((path, task) -> verify(path, task, 1)),
          verify("VERIFY(32)", BlockCommands.long32(0x16), 28, 4, 10)
              .action(0x0a)
              .lba(12, 8)
              .doneBy((path, task) -> verify(path, task, 10)),
          write("WRITE AND VERIFY(10)", "2e 12 ff ff ff ff 00 ff ff 00", 7, 2)
              .lba(2, 4)
              .doneBy((path, task) -> writeAndVerify(path, task, 1)),
          write("WRITE AND VERIFY(12)", "ae 12 ff ff ff ff ff ff ff ff 00 00", 6, 4)
              .lba(2, 4)
              .doneBy((path, task) -> writeAndVerify(path, task, 1)),
          write("WRITE AND VERIFY(16)", "8e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 00", 10, 4)
              .lba(2, 8)
              .doneBy((path, task) -> writeAndVerify(path, task, 1)),
          write("WRITE AND VERIFY(32)", BlockCommands.long32(0x12), 28, 4)
              .action(0x0c)
              .lba(12, 8)
              .doneBy((path, task) -> writeAndVerify(path, task, 10)));

  private VerifyCommands() {}

  /** Without data it may be about as much as a WRITE SAME, for it is done in parts as well. */
  private static ScsiCommand.Builder verify(
      String name, String usage, int lengthAt, int width, int flagsAt) {
    return ScsiCommand.named(name, usage)
        .data(BLOCKS, lengthAt, width)
        .withoutProtection()
        .withoutGroup()
        .carries((cdb, about) -> carried(byteCheck(cdb, flagsAt), about))
        .atMost(TransferSizes::maxUnmapBlocks)
        .access(Access.READ);
  }

  private static ScsiCommand.Builder write(String name, String usage, int lengthAt, int width) {
    return ScsiCommand.named(name, usage)
        .data(BLOCKS, lengthAt, width)
        .withoutProtection()
        .withoutGroup();
  }

  private static int byteCheck(byte[] cdb, int flagsAt) {
    return (cdb[flagsAt] >> 1) & 3;
  }

  private static long carried(int byteCheck, long about) {
    return switch (byteCheck) {
      case EACH_BLOCK -> about;
      case ONE_FOR_ALL -> Math.min(about, 1);
      default -> 0;
    };
  }

  private static void verify(LunPath path, ScsiTask task, int flagsAt) {
    int byteCheck = byteCheck(task.cdb(), flagsAt);
    if (byteCheck == RESERVED) {
      task.checkField(flagsAt, BYTCHK_BIT);
    } else if (begin(path, task, byteCheck)) {
      task.steps().run(VerifyCommands::flush);
    }
  }

  private static void writeAndVerify(LunPath path, ScsiTask task, int flagsAt) {
    if (path.isWriteProtected()) {
      task.check(Sense.WRITE_PROTECTED);
    } else if (begin(path, task, byteCheck(task.cdb(), flagsAt))) {
      task.steps().run(VerifyCommands::write);
    }
  }

  /** False when the task has ended: there is nothing to do, or no memory for it. */
  private static boolean begin(LunPath path, ScsiTask task, int byteCheck) {
    TaskSteps steps = task.steps();
    steps.at = 0;
    steps.left = task.length() << path.unit().blockShift();
    steps.index = byteCheck;
    if (steps.left == 0) {
      task.good();
      return false;
    }
    return steps.room(steps.part(steps.left)) != 0;
  }

  /** What the initiator brought goes to the medium, not only to the cache. */
  private static void write(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS) {
      task.end(status);
      return;
    }
    if (steps.left == 0) {
      steps.left = steps.at;
      steps.at = 0;
      steps.then(VerifyCommands::read);
      read(task, status);
      return;
    }
    int part = steps.part(steps.left);
    task.begin(IoType.WRITE, start(task) + steps.at, part);
    task.addSegment(task.blocks() + steps.at, part);
    task.forceUnitAccess();
    steps.at += part;
    steps.left -= part;
    steps.submit();
  }

  /** What is only in the cache has to be on the medium first (SBC-4 §5, VERIFY). */
  private static void flush(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    steps.then(VerifyCommands::read);
    if (task.path().unit().bdev().properties().volatileCache()) {
      task.begin(IoType.FLUSH, 0, 0);
      steps.submit();
    } else {
      read(task, status);
    }
  }

  private static void read(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    if (status != IoStatus.SUCCESS) {
      task.end(status);
      return;
    }
    int part = steps.part(steps.left);
    task.begin(IoType.READ, start(task) + steps.at, part);
    task.addSegment(steps.room(), part);
    steps.then(VerifyCommands::compare);
    steps.submit();
  }

  private static void compare(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    int part = steps.part(steps.left);
    long difference = status == IoStatus.SUCCESS ? difference(task, part) : BlockCompare.SAME;
    if (difference != BlockCompare.SAME) {
      task.check(Sense.MISCOMPARE_DURING_VERIFY, steps.at + difference);
    } else if (status == IoStatus.SUCCESS && steps.left == part) {
      task.good();
    } else {
      steps.at += part;
      steps.left -= part;
      read(task, status);
    }
  }

  private static long difference(ScsiTask task, int part) {
    TaskSteps steps = task.steps();
    return switch (steps.index) {
      case MEDIUM_ONLY -> BlockCompare.SAME;
      case EACH_BLOCK -> BlockCompare.difference(task.blocks() + steps.at, steps.room(), part);
      default ->
          BlockCompare.differenceFromOne(
              task.blocks(), 1 << task.path().unit().blockShift(), steps.room(), part);
    };
  }

  private static long start(ScsiTask task) {
    return task.lba() << task.path().unit().blockShift();
  }
}
