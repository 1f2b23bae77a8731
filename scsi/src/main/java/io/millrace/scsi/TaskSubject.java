package io.millrace.scsi;

import io.millrace.bdev.IoType;
import org.jspecify.annotations.Nullable;

/**
 * What a command is about, for whoever counts or reports commands. Data path; for tasks that were
 * prepared, until they are begun anew.
 */
public final class TaskSubject {
  private TaskSubject() {}

  /** What it does to blocks, as far as that is one thing. */
  public static @Nullable IoType typeOrNull(ScsiTask task) {
    ScsiCommand command = task.command;
    return command == null ? null : command.does;
  }

  /** Bytes of blocks that it read or changed; valid when it has ended. */
  public static long coveredBytes(ScsiTask task) {
    return task.phase == DataPhase.FROM_DISK ? task.movedBytes() : task.writtenBytes();
  }

  /** Where on the medium its blocks begin, in bytes; 0 where it names none. */
  public static long offsetBytes(ScsiTask task) {
    return namesBlocks(task) ? task.lba() << task.path().unit().blockShift() : 0;
  }

  /** How long its blocks are together, or its data where it names none, in bytes. */
  public static long lengthBytes(ScsiTask task) {
    return namesBlocks(task) ? task.length() << task.path().unit().blockShift() : task.dataBytes;
  }

  private static boolean namesBlocks(ScsiTask task) {
    ScsiCommand command = task.command;
    LunPath path = task.path;
    return command != null && command.lba.width() > 0 && path != null && path.leadsSomewhere();
  }
}
