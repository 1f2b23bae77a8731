package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.scsi.ScsiTask.Step;

/** Has all that was written made durable, also what is being written now. */
final class CacheFlush {
  private CacheFlush() {}

  /**
   * Begins it.
   *
   * @param last ends the task; gets SUCCESS also where there is nothing to be flushed
   */
  static void run(LunPath path, ScsiTask task, Step last) {
    LogicalUnit unit = path.unit();
    if (!unit.bdev().supports(IoType.FLUSH)) {
      last.next(task, IoStatus.SUCCESS);
      return;
    }
    TaskSteps steps = task.steps();
    steps.run((begun, ok) -> {
      // A lock is had when no write is in flight on any reactor.
      steps.then((locked, got) -> {
        task.begin(IoType.FLUSH, 0, 0);
        steps.then(last);
        steps.submit();
      });
      steps.lock(0, unit.bdev().sizeBytes());
    });
  }
}
