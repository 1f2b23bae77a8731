package io.millrace.scsi;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The task set of an I_T_L nexus as far as the order of its tasks matters (SAM-6 §8.6), over all
 * reactors: an ORDERED task begins when all that came before it have ended, and what comes after it
 * waits, but for a HEAD OF QUEUE task. Any thread, under its own lock; a SIMPLE task looks at
 * {@link #isGated} and at nothing else while no ORDERED one is there.
 *
 * <p>Each nexus has a task set of its own (TST is 001b): nobody waits for another initiator.
 */
final class TaskOrder {
  private final LunNexus nexus;
  private final Queue<ScsiTask> waiting =
      new ArrayDeque<>(0); // behind the ordered one, oldest first
  private @Nullable ScsiTask ordered; // that waits for older ones to end, or has begun
  private boolean begun;
  private int ticket; // of the ordered one: a task is used again
  private volatile boolean gated;

  TaskOrder(LunNexus nexus) {
    this.nexus = nexus;
  }

  /** Whether a SIMPLE task has to ask. */
  boolean isGated() {
    return gated;
  }

  /**
   * Whether a task that is being submitted has to wait. It does so in the state WAITING, and its
   * path begins it.
   */
  synchronized boolean holds(ScsiTask task) {
    boolean isOrdered = task.attribute() == TaskAttribute.ORDERED;
    if (!isOrdered && (!gated || task.attribute() != TaskAttribute.SIMPLE)) {
      return false;
    }
    task.taskState = TaskState.WAITING;
    if (gated) {
      waiting.add(task);
    } else {
      gated = true; // before any path is asked what it is doing: what it begins later waits
      waitForOlder(task);
    }
    return true;
  }

  /** An ordered task of this nexus has ended; the others go when its transport knows. */
  synchronized void ended(ScsiTask task) {
    int mine = ticket;
    if (task.equals(ordered) && begun && !task.path().reactor().execute(() -> nextAfter(mine))) {
      next();
    }
  }

  private synchronized void nextAfter(int mine) {
    if (ticket == mine) {
      next();
    }
  }

  /** A task is not to wait any more; false if its path is about to begin it. */
  synchronized boolean remove(ScsiTask task) {
    if (task.equals(ordered) && !begun) {
      next();
      return true;
    }
    return waiting.remove(task);
  }

  /** Lets the tasks go up to the next ordered one, which waits for them. */
  private void next() {
    ordered = null;
    begun = false;
    ticket++;
    for (ScsiTask task = waiting.poll(); task != null; task = waiting.poll()) {
      if (task.attribute() == TaskAttribute.ORDERED) {
        waitForOlder(task);
        return;
      }
      LunPath path = task.path();
      ScsiTask released = task;
      path.reactor().execute(() -> path.startWaiting(released));
    }
    gated = false;
  }

  /** Messages of one sender arrive as sent: those that were let go before are running by then. */
  private void waitForOlder(ScsiTask task) {
    ordered = task;
    int mine = ticket;
    List<LunPath> paths = new ArrayList<>();
    for (LunPath path : nexus.lun().unit().paths()) {
      if (path.status() == nexus) {
        paths.add(path);
      }
    }
    AtomicInteger missing = new AtomicInteger(paths.size() + 1);
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            task.path().reactor().execute(() -> begin(task, mine));
          }
        };
    for (LunPath path : paths) {
      if (!path.reactor().execute(() -> path.whenRunningEnded(one))) {
        one.run(); // a reactor that has ended runs nothing
      }
    }
    one.run();
  }

  private void begin(ScsiTask task, int mine) {
    synchronized (this) {
      if (!task.equals(ordered) || ticket != mine) {
        return; // it was aborted meanwhile
      }
      begun = true;
    }
    task.path().startWaiting(task);
  }
}
