package io.millrace.scsi;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.RangeLock;
import io.millrace.scsi.ScsiTask.Step;
import org.jspecify.annotations.Nullable;

/**
 * A command that is done in several parts, one after the other; made for a task that has such a
 * one, then kept. Data path, on the task's reactor.
 *
 * <p>A part may complete at once: then the next one is begun in the same loop, and not deeper in
 * the stack; and after {@link #TURN_BYTES} the reactor's other users have their turn.
 */
final class TaskSteps {
  /** Bytes of one command after which others have their turn. */
  static final long TURN_BYTES = 128 << 10;

  private final ScsiTask task;
  private final Runnable resume = this::resume;
  private @Nullable Step step;
  private boolean advancing;
  private @Nullable IoStatus returned; // by a part that completed at once
  private IoStatus kept = IoStatus.SUCCESS; // while others have their turn
  private long worked;
  private @Nullable RangeLock lock;

  // The command's own: how far it is.
  long at; // bytes
  long left;
  int index;

  TaskSteps(ScsiTask task) {
    this.task = task;
  }

  boolean isRunning() {
    return step != null;
  }

  /** Begins a command with its first step, which is told of SUCCESS. */
  void run(Step first) {
    worked = 0;
    step = first;
    advance(IoStatus.SUCCESS);
  }

  /** The next step is another one. */
  void then(Step next) {
    step = next;
  }

  /** Submits the task as it is filled; the step goes on when that part is done. */
  void submit() {
    BdevChannel channel = task.path().channel();
    if (channel == null) {
      task.end(IoStatus.ABORTED);
      return;
    }
    RangeLock held = lock;
    if (held != null) {
      task.heldLock(held);
    }
    worked += task.lengthBytes();
    channel.submit(task);
  }

  /** Locks a range against other writers until the task ends; the step goes on then. */
  void lock(long offsetBytes, long lengthBytes) {
    LunPath path = task.path();
    path.unit()
        .bdev()
        .lockRange(
            path.reactor(),
            offsetBytes,
            lengthBytes,
            locked -> {
              lock = locked;
              advance(IoStatus.SUCCESS);
            });
  }

  /** A part is done. */
  void advance(IoStatus status) {
    if (advancing) {
      returned = status;
      return;
    }
    advancing = true;
    IoStatus last = status;
    while (last != null) {
      returned = null;
      Step current = step;
      if (current == null) {
        break;
      }
      if (task.abortedAs != null) {
        task.end(IoStatus.ABORTED);
      } else {
        current.next(task, last);
      }
      last = returned;
      if (last != null && worked >= TURN_BYTES) {
        kept = last;
        worked = 0;
        task.path().reactor().execute(resume);
        last = null;
      }
    }
    advancing = false;
  }

  private void resume() {
    advance(kept);
  }

  /** The task ends. */
  void stop() {
    step = null;
    RangeLock held = lock;
    if (held != null) {
      lock = null;
      task.path().unit().bdev().unlockRange(held);
    }
  }
}
