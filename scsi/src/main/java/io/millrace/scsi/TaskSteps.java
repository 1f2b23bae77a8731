package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.RangeLock;
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

  /** What follows when a part of a command is done. */
  interface Step {
    /**
     * Goes on, by one more submit, or ends the task.
     *
     * @param status of the part
     */
    void next(ScsiTask task, IoStatus status);
  }

  private final ScsiTask task;
  private final Runnable resume = this::resume;
  private @Nullable Step step;
  private boolean ending; // the part under way ends the task, even when it is cancelled meanwhile
  private boolean advancing;
  private @Nullable IoStatus returned; // by a part that completed at once
  private IoStatus kept = IoStatus.SUCCESS; // while others have their turn
  private long worked;
  private @Nullable RangeLock lock;
  private boolean locking; // waits for one
  private int lockTicket; // of the last that was asked for
  private @Nullable BlockBuffer room;

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
    ending = false;
    step = first;
    advance(IoStatus.SUCCESS);
  }

  /** The next step is another one. */
  void then(Step next) {
    step = next;
  }

  /** The same, and it ends the task: a part that was done counts, whoever cancelled it. */
  void finallyThen(Step end) {
    step = end;
    ending = true;
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

  /** How long the next part of so many bytes may be: whole blocks. */
  int part(long bytes) {
    return (int) Math.min(bytes, Math.min(TURN_BYTES, task.path().unit().sizes().partBytes()));
  }

  /**
   * Memory of the device server until the task ends, which reads as zeroes.
   *
   * @return its host address, or 0 when there is none now and the task has ended as busy
   */
  long room(long bytes) {
    BlockBuffer made = BlockBuffer.of(bytes);
    if (made == null) {
      task.end(ScsiStatus.BUSY);
      return 0;
    }
    room = made;
    return made.address();
  }

  /** Host address of the memory that was asked for. */
  long room() {
    BlockBuffer made = room;
    if (made == null) {
      throw new IllegalStateException("no room: " + task);
    }
    return made.address();
  }

  /** Locks a range against other writers until the task ends; the step goes on then. */
  void lock(long offsetBytes, long lengthBytes) {
    LunPath path = task.path();
    Bdev bdev = path.unit().bdev();
    int ticket = ++lockTicket;
    locking = true;
    bdev.lockRange(
        path.reactor(), offsetBytes, lengthBytes, locked -> locked(bdev, ticket, locked));
  }

  private void locked(Bdev bdev, int ticket, RangeLock got) {
    if (locking && ticket == lockTicket) {
      locking = false;
      lock = got;
      advance(IoStatus.SUCCESS);
    } else {
      bdev.unlockRange(got); // the task did not wait for it
    }
  }

  /**
   * The task was cancelled.
   *
   * @return whether it has ended, because it waited for a lock; else it ends when its part does, or
   *     at its next turn
   */
  boolean endIfLocking() {
    if (!locking) {
      return false;
    }
    task.end(IoStatus.ABORTED);
    return true;
  }

  /** A part is done. */
  void advance(IoStatus status) {
    if (advancing) {
      returned = status;
      return;
    }
    advancing = true;
    try {
      loop(status);
    } finally {
      advancing = false;
    }
  }

  private void loop(IoStatus status) {
    IoStatus last = status;
    while (last != null) {
      returned = null;
      Step current = step;
      if (current == null) {
        return;
      }
      if (task.cancelled && !ending) {
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
  }

  private void resume() {
    advance(kept);
  }

  /** The task ends. */
  void stop() {
    step = null;
    locking = false;
    RangeLock held = lock;
    if (held != null) {
      lock = null;
      task.path().unit().bdev().unlockRange(held);
    }
    BlockBuffer.free(room);
    room = null;
  }
}
