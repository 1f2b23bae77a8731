package io.millrace.scsi;

import static io.millrace.scsi.DataPhase.FROM_DISK;
import static io.millrace.scsi.DataPhase.NONE;
import static io.millrace.scsi.DataPhase.PARAMETERS;
import static io.millrace.scsi.DataPhase.TO_DISK;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.LongTransfer;
import java.util.List;

/**
 * Commands that move blocks or give them up, as guests use them all the time (SBC-4 §5). Data path:
 * they allocate nothing.
 */
final class BlockCommands {
  private static final int UNMAP_HEADER = 8;
  private static final int UNMAP_DESCRIPTOR = 16;

  /** Block descriptors of one UNMAP (SBC-4 §6.6.4). */
  static final int MOST_UNMAP_DESCRIPTORS = 256;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("TEST UNIT READY", "00 00 00 00 00 00")
              .access(Access.STATUS)
              .alsoWellKnown()
              .onMedium()
              .doneBy((path, task) -> task.good()),
          read("READ(6)", "08 1f ff ff ff 00", 4, 1).lba(1, 3).doneBy(BlockCommands::read),
          read("READ(10)", "28 18 ff ff ff ff 00 ff ff 00", 7, 2)
              .lba(2, 4)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::read),
          read("READ(12)", "a8 18 ff ff ff ff ff ff ff ff 00 00", 6, 4)
              .lba(2, 4)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::read),
          read("READ(16)", "88 18 ff ff ff ff ff ff ff ff ff ff ff ff 00 00", 10, 4)
              .lba(2, 8)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::read),
          read("READ(32)", long32(0x18), 28, 4)
              .action(0x09)
              .lba(12, 8)
              .forceUnitAccess(10)
              .doneBy(BlockCommands::read),
          write("WRITE(6)", "0a 1f ff ff ff 00", 4, 1).lba(1, 3).doneBy(BlockCommands::write),
          write("WRITE(10)", "2a 18 ff ff ff ff 00 ff ff 00", 7, 2)
              .lba(2, 4)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::write),
          write("WRITE(12)", "aa 18 ff ff ff ff ff ff ff ff 00 00", 6, 4)
              .lba(2, 4)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::write),
          write("WRITE(16)", "8a 18 ff ff ff ff ff ff ff ff ff ff ff ff 00 00", 10, 4)
              .lba(2, 8)
              .forceUnitAccess(1)
              .doneBy(BlockCommands::write),
          write("WRITE(32)", long32(0x18), 28, 4)
              .action(0x0b)
              .lba(12, 8)
              .forceUnitAccess(10)
              .doneBy(BlockCommands::write),
          ScsiCommand.named("SYNCHRONIZE CACHE(10)", "35 02 ff ff ff ff 00 ff ff 00")
              .data(NONE, 7, 2)
              .lba(2, 4)
              .withoutGroup()
              .does(IoType.FLUSH)
              .doneBy(BlockCommands::synchronizeCache),
          ScsiCommand.named(
                  "SYNCHRONIZE CACHE(16)", "91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 00")
              .data(NONE, 10, 4)
              .lba(2, 8)
              .withoutGroup()
              .does(IoType.FLUSH)
              .doneBy(BlockCommands::synchronizeCache),
          ScsiCommand.named("UNMAP", "42 00 00 00 00 00 00 ff ff 00")
              .data(PARAMETERS, 7, 2)
              .needs(IoType.UNMAP)
              .does(IoType.UNMAP)
              .withoutGroup()
              .onMedium()
              .doneBy(BlockCommands::unmap));

  private BlockCommands() {}

  /** A CDB of 32 bytes with a logical block address at 12 and a number of blocks at 28. */
  static String long32(int flags) {
    return "7f 00 00 00 00 00 00 18 00 00 %02x 00".formatted(flags)
        + " ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 00 ff ff ff ff";
  }

  private static ScsiCommand.Builder read(String name, String usage, int lengthAt, int width) {
    return transfer(name, usage).data(FROM_DISK, lengthAt, width).access(Access.READ);
  }

  private static ScsiCommand.Builder write(String name, String usage, int lengthAt, int width) {
    return transfer(name, usage).data(TO_DISK, lengthAt, width);
  }

  /** Those with six bytes have neither of the fields. */
  private static ScsiCommand.Builder transfer(String name, String usage) {
    ScsiCommand.Builder row = ScsiCommand.named(name, usage);
    return name.endsWith("(6)") ? row : row.withoutProtection().withoutGroup();
  }

  private static void read(LunPath path, ScsiTask task) {
    ScsiCommand command = task.command;
    boolean forced = command != null && command.forcesUnitAccess(task.cdb());
    if (task.lengthBytes() == 0) {
      task.good();
    } else if (forced && path.unit().bdev().properties().volatileCache()) {
      // From the medium (SBC-4 §5.15): what is only in the cache has to go there first.
      task.longTransfer().begin(task, path.unit().sizes().partBytes());
      task.begin(IoType.FLUSH, 0, 0);
      TaskSteps steps = task.steps();
      steps.run(BlockCommands::beginTransfer);
    } else {
      transfer(path, task);
    }
  }

  private static void write(LunPath path, ScsiTask task) {
    ScsiCommand command = task.command;
    if (path.isWriteProtected()) {
      task.check(Sense.WRITE_PROTECTED);
    } else if (task.lengthBytes() == 0) {
      task.good();
    } else {
      boolean forced = command != null && command.forcesUnitAccess(task.cdb());
      if (forced || !path.unit().modes().writeCache()) {
        task.forceUnitAccess();
      }
      transfer(path, task);
    }
  }

  private static void transfer(LunPath path, ScsiTask task) {
    int part = path.unit().sizes().partBytes();
    BdevChannel channel = path.channel();
    if (channel == null) {
      task.end(IoStatus.ABORTED);
    } else if (task.lengthBytes() <= part) {
      channel.submit(task);
    } else {
      task.longTransfer().begin(task, part);
      task.steps().run(BlockCommands::nextPart);
    }
  }

  /** Begins the flush that comes before a transfer, and goes on with that. */
  private static void beginTransfer(ScsiTask task, IoStatus status) {
    task.steps().then(BlockCommands::firstPart);
    task.steps().submit();
  }

  private static void firstPart(ScsiTask task, IoStatus status) {
    if (status == IoStatus.SUCCESS) {
      task.steps().then(BlockCommands::nextPart);
      nextPart(task, status);
    } else {
      task.end(status);
    }
  }

  private static void nextPart(ScsiTask task, IoStatus status) {
    LongTransfer transfer = task.longTransfer();
    transfer.ended(task.transferredBytes());
    if (status == IoStatus.SUCCESS && transfer.next(task)) {
      task.steps().submit();
    } else {
      task.end(status);
    }
  }

  /** With IMMED it is still done first: what was said to be synchronized is. */
  private static void synchronizeCache(LunPath path, ScsiTask task) {
    BdevChannel channel = path.channel();
    if (!path.unit().sizes().holds(task.lba(), task.length())) {
      task.check(Sense.LBA_OUT_OF_RANGE);
    } else if (channel == null || !path.unit().bdev().supports(IoType.FLUSH)) {
      task.good();
    } else {
      task.begin(IoType.FLUSH, 0, 0);
      channel.submit(task);
    }
  }

  /** SBC-4 §5.32: everything is checked before anything is done. */
  private static void unmap(LunPath path, ScsiTask task) {
    byte[] list = task.parameters();
    int bytes = task.parameterBytes();
    if (path.isWriteProtected()) {
      task.check(Sense.WRITE_PROTECTED);
    } else if (bytes == 0) {
      task.good();
    } else if (bytes < UNMAP_HEADER) {
      task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    } else {
      int length = BigEndian.get16(list, 2) & -UNMAP_DESCRIPTOR;
      if (length > bytes - UNMAP_HEADER) {
        task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
      } else if (length > MOST_UNMAP_DESCRIPTORS * UNMAP_DESCRIPTOR) {
        task.checkParameter(2, -1);
      } else if (checkRanges(path, task, length)) {
        TaskSteps steps = task.steps();
        steps.index = 0;
        steps.left = 0;
        steps.run(BlockCommands::nextRange);
      }
    }
  }

  private static boolean checkRanges(LunPath path, ScsiTask task, int length) {
    byte[] list = task.parameters();
    for (int at = UNMAP_HEADER; at < UNMAP_HEADER + length; at += UNMAP_DESCRIPTOR) {
      long blocks = BigEndian.get32(list, at + 8);
      if (!path.unit().sizes().holds(BigEndian.get64(list, at), blocks)) {
        task.check(Sense.LBA_OUT_OF_RANGE);
        return false;
      }
      if (blocks > path.unit().sizes().maxUnmapBlocks()) {
        task.checkParameter(at + 8, -1);
        return false;
      }
    }
    return true;
  }

  private static void nextRange(ScsiTask task, IoStatus status) {
    TaskSteps steps = task.steps();
    byte[] list = task.parameters();
    LogicalUnit unit = task.path().unit();
    int end = UNMAP_HEADER + (BigEndian.get16(list, 2) & -UNMAP_DESCRIPTOR);
    while (status == IoStatus.SUCCESS && steps.left == 0) {
      int at = UNMAP_HEADER + steps.index * UNMAP_DESCRIPTOR;
      if (at >= end) {
        task.good();
        return;
      }
      steps.index++;
      steps.at = BigEndian.get64(list, at) << unit.blockShift();
      steps.left = BigEndian.get32(list, at + 8) << unit.blockShift();
    }
    if (status != IoStatus.SUCCESS) {
      task.end(status);
      return;
    }
    long part = Math.min(steps.left, unit.bdev().properties().limits().maxUnmapBytes());
    task.begin(IoType.UNMAP, steps.at, part);
    steps.at += part;
    steps.left -= part;
    steps.submit();
  }
}
