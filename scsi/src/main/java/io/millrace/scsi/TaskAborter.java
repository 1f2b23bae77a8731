package io.millrace.scsi;

import io.millrace.scsi.ScsiTask.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Aborts tasks of other nexuses on whatever reactor they are. */
final class TaskAborter {
  private TaskAborter() {}

  /**
   * Aborts all tasks of some nexuses at a logical unit: those of other nexuses end with TASK
   * ABORTED (TAS is 1).
   *
   * <p>PERSISTENT RESERVE OUT commands are left alone: each takes its turn or has had it, and two
   * that wait for one another would never end.
   *
   * @param asking the way of the command that has this done
   * @param done runs on its reactor once all of them have ended
   */
  static void abortAll(LunPath asking, Predicate<LunNexus> whose, Runnable done) {
    List<LunPath> paths =
        asking.unit().paths().stream().filter(path -> whose.test(path.status())).toList();
    AtomicInteger missing = new AtomicInteger(paths.size() + 1);
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            asking.reactor().execute(done);
          }
        };
    for (LunPath path : paths) {
      boolean byOther = path.nexus() != asking.nexus();
      if (!path.reactor().execute(() -> abort(path, byOther, missing, one))) {
        one.run(); // its reactor has ended, and every task there with it
      }
    }
    one.run();
  }

  /** On the reactor of the path. */
  private static void abort(LunPath path, boolean byOther, AtomicInteger missing, Runnable one) {
    List<ScsiTask> tasks = new ArrayList<>();
    for (ScsiTask task = path.newest(); task != null; task = task.olderTask) {
      if ((task.cdb()[0] & 0xff) != ReserveOut.OPCODE) {
        tasks.add(task);
      }
    }
    missing.addAndGet(tasks.size());
    for (ScsiTask task : tasks) {
      Runnable earlier = task.whenEnded;
      task.whenEnded =
          earlier == null
              ? one
              : () -> {
                earlier.run();
                one.run();
              };
      if (task.abortedAs == null) {
        task.abortedAs = Outcome.ABORTED;
        task.abortedByOther = byOther;
      }
    }
    tasks.forEach(path::cancel); // those that end while others are canceled are left alone
    one.run();
  }
}
