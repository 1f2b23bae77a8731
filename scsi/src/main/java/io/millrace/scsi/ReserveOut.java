package io.millrace.scsi;

import static io.millrace.scsi.ReserveRequest.CLEAR;
import static io.millrace.scsi.ReserveRequest.PREEMPT;
import static io.millrace.scsi.ReserveRequest.PREEMPT_AND_ABORT;
import static io.millrace.scsi.ReserveRequest.REGISTER;
import static io.millrace.scsi.ReserveRequest.REGISTER_AND_IGNORE_EXISTING_KEY;
import static io.millrace.scsi.ReserveRequest.REGISTER_AND_MOVE;
import static io.millrace.scsi.ReserveRequest.RELEASE;
import static io.millrace.scsi.ReserveRequest.RESERVE;

import io.millrace.scsi.ReserveVerdict.Conflict;
import io.millrace.scsi.ReserveVerdict.Done;
import io.millrace.scsi.ReserveVerdict.Wrong;
import io.millrace.scsi.ReserveVerdict.WrongField;
import io.millrace.scsi.ReserveVerdict.WrongParameter;
import java.util.List;

/** PERSISTENT RESERVE OUT (SPC-5 §6.17). Rare commands: they may lock and allocate. */
final class ReserveOut {
  static final List<ScsiCommand> ROWS =
      List.of(
          row("REGISTER", REGISTER, Registering::register),
          row("RESERVE", RESERVE, Reserving::reserve),
          row("RELEASE", RELEASE, Reserving::release),
          row("CLEAR", CLEAR, Reserving::clear),
          row("PREEMPT", PREEMPT, Reserving::preempt),
          row("PREEMPT AND ABORT", PREEMPT_AND_ABORT, Reserving::preempt),
          row(
              "REGISTER AND IGNORE EXISTING KEY",
              REGISTER_AND_IGNORE_EXISTING_KEY,
              Registering::registerIgnoring),
          row("REGISTER AND MOVE", REGISTER_AND_MOVE, Registering::registerAndMove));

  /** What a service action comes to. */
  private interface ServiceAction {
    ReserveVerdict apply(ReservationState now, ReserveRequest request);
  }

  private ReserveOut() {}

  private static ScsiCommand row(String name, int code, ServiceAction action) {
    // SCOPE and TYPE may be anything here: half of the service actions ignore them.
    return ScsiCommand.named(
            "PERSISTENT RESERVE OUT (" + name + ")", "5f 00 ff 00 00 ff ff ff ff 00")
        .action(code)
        .data(DataPhase.PARAMETERS, 5, 4)
        .access(Access.PERSISTENT_RESERVE)
        .doneBy((path, task) -> execute(path, task, code, action));
  }

  private static void execute(LunPath path, ScsiTask task, int code, ServiceAction action) {
    ReserveRequest request = ReserveRequest.read(path, task, code);
    if (request == null) {
      task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
      return;
    }
    NexusName from = request.from();
    path.unit()
        .reservations()
        .follow(
            path,
            now ->
                now.keepsOut(from, Access.PERSISTENT_RESERVE)
                    ? ReserveVerdict.CONFLICT
                    : action.apply(now, request),
            verdict -> {
              if (code == PREEMPT_AND_ABORT
                  && verdict instanceof Done done
                  && !done.preempted().isEmpty()) {
                TaskManagement.abortAll(
                    path.unit(),
                    each -> done.preempted().contains(each.name()),
                    true,
                    task,
                    path.reactor(),
                    () -> end(task, verdict));
              } else {
                end(task, verdict);
              }
            });
  }

  /** Ends a task as a reservation command ends. */
  static void end(ScsiTask task, ReserveVerdict verdict) {
    switch (verdict) {
      case Done done -> task.good();
      case Conflict conflict -> task.end(ScsiStatus.RESERVATION_CONFLICT);
      case Wrong wrong -> task.check(wrong.sense());
      case WrongField field -> task.checkField(field.at(), field.bit());
      case WrongParameter parameter -> task.checkParameter(parameter.at(), parameter.bit());
    }
  }
}
