package io.millrace.scsi;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tasks of one path that were submitted and have not ended, linked through themselves, and who
 * waits for some of them to end. Data path, on the path's reactor; waiting is rare and allocates.
 */
final class TaskList {
  /** Somebody waits for tasks to end: those that have not. */
  private record Watch(List<ScsiTask> missing, Runnable ended) {}

  private @Nullable ScsiTask newest;
  private int count;
  private @Nullable List<Watch> watches; // null for none

  @Nullable ScsiTask newest() {
    return newest;
  }

  int count() {
    return count;
  }

  void add(ScsiTask task) {
    ScsiTask older = newest;
    task.youngerTask = null;
    task.olderTask = older;
    if (older != null) {
      older.youngerTask = task;
    }
    newest = task;
    task.listed = true;
    count++;
  }

  /** Adds a task that was begun, unless it has ended, or begun anew and been added by that. */
  void addUnlessEnded(ScsiTask task) {
    if (task.taskState == TaskState.RUNNING && !task.listed) {
      add(task);
    }
  }

  /** A task has ended; it may have done so before it was added. */
  void remove(ScsiTask task) {
    if (task.listed) {
      unlink(task);
    }
  }

  private void unlink(ScsiTask task) {
    ScsiTask older = task.olderTask;
    ScsiTask younger = task.youngerTask;
    if (older != null) {
      older.youngerTask = younger;
    }
    if (younger != null) {
      younger.olderTask = older;
    } else {
      newest = older;
    }
    task.olderTask = null;
    task.youngerTask = null;
    task.listed = false;
    count--;
    if (watches != null) {
      tell(task);
    }
  }

  private void tell(ScsiTask task) {
    List<Watch> all = watches;
    if (all == null) {
      return;
    }
    for (Iterator<Watch> each = all.iterator(); each.hasNext(); ) {
      Watch watch = each.next();
      if (watch.missing.remove(task) && watch.missing.isEmpty()) {
        each.remove();
        watch.ended.run();
      }
    }
    if (all.isEmpty()) {
      watches = null;
    }
  }

  /** Those that somebody wants, youngest first; a copy, as any of them may end any time. */
  List<ScsiTask> pick(Predicate<ScsiTask> wanted) {
    List<ScsiTask> picked = new ArrayList<>();
    for (ScsiTask task = newest; task != null; task = task.olderTask) {
      if (wanted.test(task)) {
        picked.add(task);
      }
    }
    return picked;
  }

  /**
   * Waits for tasks to end.
   *
   * @param ended only sends a message: it runs amid the end of the last of them, or at once
   */
  void whenEnded(List<ScsiTask> tasks, Runnable ended) {
    if (tasks.isEmpty()) {
      ended.run();
      return;
    }
    List<Watch> all = watches;
    if (all == null) {
      all = new ArrayList<>(1);
      watches = all;
    }
    all.add(new Watch(new ArrayList<>(tasks), ended));
  }
}
