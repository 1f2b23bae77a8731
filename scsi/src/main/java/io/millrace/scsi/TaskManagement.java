package io.millrace.scsi;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Task management functions (SAM-6 §7): every reactor that has tasks concerned is told, has them
 * end and says when they have. Any thread.
 *
 * <p>A task that another initiator aborted ends with TASK ABORTED status (TAS is 1), and no unit
 * attention says so a second time; what a reset ended, or its own initiator, ends by its {@link
 * ScsiTask#outcome}. A task set is that of one I_T_L nexus (TST is 001b), so that CLEAR TASK SET
 * aborts nothing of others. A task that is prepared and not submitted is in no task set yet.
 */
public final class TaskManagement {
  /** What an initiator may ask for. */
  public enum Function {
    ABORT_TASK,
    ABORT_TASK_SET,
    CLEAR_ACA,
    CLEAR_TASK_SET,
    I_T_NEXUS_RESET,
    LOGICAL_UNIT_RESET,
    QUERY_TASK,
    QUERY_TASK_SET
  }

  /** What it is answered (SAM-6 §7.1). */
  public enum Response {
    /** Done, or, to a question, there is no such task. */
    FUNCTION_COMPLETE,
    /** To a question: there is such a task. */
    FUNCTION_SUCCEEDED,
    /** There is no auto contingent allegiance to be cleared. */
    FUNCTION_REJECTED,
    /** The LUN leads to no logical unit. */
    INCORRECT_LUN
  }

  private TaskManagement() {}

  /**
   * Does a function. The tasks that it aborts have been ended by their transports, and a reactor's
   * round has ended after that, before it is answered.
   *
   * @param nexus that asks
   * @param lun which unit; I_T NEXUS RESET is about all of them
   * @param tag of the task, for ABORT TASK and QUERY TASK
   * @param answerOn where {@code answer} runs, once, always by a message
   */
  public static void perform(
      Function function,
      Nexus nexus,
      int lun,
      long tag,
      Reactor answerOn,
      Consumer<Response> answer) {
    Lun to = nexus.target().luns().get(lun);
    if (function != Function.I_T_NEXUS_RESET && to == null) {
      answerOn.execute(() -> answer.accept(Response.INCORRECT_LUN));
      return;
    }
    Runnable done = () -> answer.accept(Response.FUNCTION_COMPLETE);
    List<LunPath> own = new ArrayList<>();
    nexus.pathsOf(function == Function.I_T_NEXUS_RESET ? null : to, own);
    switch (function) {
      case ABORT_TASK -> abort(own, task -> task.tag() == tag, Outcome.ABORTED, answerOn, done);
      case ABORT_TASK_SET, CLEAR_TASK_SET ->
          abort(own, task -> true, Outcome.ABORTED, answerOn, done);
      case CLEAR_ACA -> answerOn.execute(() -> answer.accept(Response.FUNCTION_REJECTED));
      case I_T_NEXUS_RESET -> {
        nexus.attention(UnitAttention.I_T_NEXUS_LOSS_OCCURRED);
        for (Lun each : nexus.target().luns().values()) {
          each.unit().reservations().lost(nexus.with(each).name());
        }
        abort(own, task -> true, Outcome.RESET, answerOn, done);
      }
      case LOGICAL_UNIT_RESET -> resetUnit(to, answerOn, done);
      case QUERY_TASK -> query(own, task -> task.tag() == tag, answerOn, answer);
      case QUERY_TASK_SET -> query(own, task -> true, answerOn, answer);
    }
  }

  /** SAM-6 §6.3.3; first all are told, so that nobody's command of the time after goes unwarned. */
  private static void resetUnit(@Nullable Lun lun, Reactor answerOn, Runnable done) {
    if (lun == null) {
      answerOn.execute(done); // it was removed this moment, and its tasks end of that
      return;
    }
    LogicalUnit unit = lun.unit();
    unit.reset();
    abort(List.copyOf(unit.paths()), task -> true, Outcome.RESET, answerOn, done);
  }

  /**
   * Aborts all tasks that some nexuses have at a logical unit.
   *
   * @param whose nexuses; asked on the caller's thread
   * @param byOther whether another initiator does it: they end with TASK ABORTED
   * @param tellOn where {@code done} runs, once, when all of them have ended; by a message
   */
  static void abortAll(
      LogicalUnit unit, Predicate<LunNexus> whose, boolean byOther, Reactor tellOn, Runnable done) {
    abortAll(unit, whose, byOther, null, tellOn, done);
  }

  /**
   * The same on behalf of a task, such as PREEMPT AND ABORT, which goes on. Two of them may be out
   * to abort one another: both are marked, and neither waits for the other. On the task's reactor.
   */
  static void abortAll(
      LogicalUnit unit,
      Predicate<LunNexus> whose,
      boolean byOther,
      @Nullable ScsiTask by,
      Reactor tellOn,
      Runnable done) {
    if (by != null) {
      by.abortsOthers = true;
    }
    List<LunPath> paths = new ArrayList<>();
    for (LunPath path : unit.paths()) {
      if (whose.test(path.status())) {
        paths.add(path);
      }
    }
    onEach(
        paths,
        (path, one) ->
            path.abort(
                task -> !task.equals(by),
                task -> by == null || !task.abortsOthers,
                Outcome.ABORTED,
                byOther,
                one),
        tellOn,
        done);
  }

  private static void abort(
      List<LunPath> paths, Predicate<ScsiTask> which, Outcome as, Reactor answerOn, Runnable done) {
    onEach(paths, (path, one) -> path.abort(which, task -> true, as, false, one), answerOn, done);
  }

  private static void query(
      List<LunPath> paths, Predicate<ScsiTask> which, Reactor answerOn, Consumer<Response> answer) {
    AtomicBoolean found = new AtomicBoolean();
    onEach(
        paths,
        (path, one) -> {
          if (path.has(which)) {
            found.set(true);
          }
          one.run();
        },
        answerOn,
        () ->
            answer.accept(found.get() ? Response.FUNCTION_SUCCEEDED : Response.FUNCTION_COMPLETE));
  }

  /** Runs something on each path's reactor, and tells when all say that it is done. */
  private static void onEach(
      List<LunPath> paths, BiConsumer<LunPath, Runnable> action, Reactor tellOn, Runnable done) {
    AtomicInteger missing = new AtomicInteger(paths.size() + 1);
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            tellOn.execute(done);
          }
        };
    for (LunPath path : paths) {
      if (!path.reactor().execute(() -> action.accept(path, one))) {
        one.run(); // a reactor that has ended has no tasks
      }
    }
    one.run();
  }
}
