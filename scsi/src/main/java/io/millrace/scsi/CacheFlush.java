package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;

/** Has all that was written made durable, also what is being written now. */
final class CacheFlush {
  /** What follows. */
  interface Then {
    /** Ends the task. */
    void end(ScsiTask task, IoStatus status);
  }

  private CacheFlush() {}

  /**
   * Begins it.
   *
   * @param last ends the task; gets SUCCESS also where there is nothing to be flushed
   */
  static void run(LunPath path, ScsiTask task, Then last) {
    LogicalUnit unit = path.unit();
    if (!unit.bdev().supports(IoType.FLUSH)) {
      last.end(task, IoStatus.SUCCESS);
      return;
    }
    TaskSteps steps = task.steps();
    steps.run((begun, ok) -> {
      // A lock is had when no write is in flight on any reactor.
      steps.then((locked, got) -> {
        task.begin(IoType.FLUSH, 0, 0);
        steps.then(last::end);
        steps.submit();
      });
      steps.lock(0, unit.bdev().sizeBytes());
    });
  }
}
