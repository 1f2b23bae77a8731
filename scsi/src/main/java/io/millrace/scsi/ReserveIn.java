package io.millrace.scsi;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** PERSISTENT RESERVE IN (SPC-5 §6.16). Rare commands: they allocate. */
final class ReserveIn {
  static final List<ScsiCommand> ROWS =
      List.of(
          row("READ KEYS", 0x00, ReserveIn::readKeys),
          row("READ RESERVATION", 0x01, ReserveIn::readReservation),
          row("REPORT CAPABILITIES", 0x02, ReserveIn::reportCapabilities),
          row("READ FULL STATUS", 0x03, ReserveIn::readFullStatus));

  private static final int HEADER_BYTES = 8;
  private static final int LENGTH_AT = 4;
  private static final int CRH = 1 << 4;
  private static final int SIP_C = 1 << 3;
  private static final int ATP_C = 1 << 2;
  private static final int PTPL_C = 1;
  private static final int TMV = 1 << 7;

  /** TEST UNIT READY goes through all of them, MODE SENSE and the like through write exclusive. */
  private static final int ALLOW_COMMANDS = 3 << 4;

  private static final int PTPL_A = 1;
  private static final int R_HOLDER = 1;

  private ReserveIn() {}

  private static ScsiCommand row(String name, int code, ScsiCommand.Executor executor) {
    return ScsiCommand.named(
            "PERSISTENT RESERVE IN (" + name + ")", "5e 00 00 00 00 00 00 ff ff 00")
        .action(code)
        .data(DataPhase.ANSWER, 7, 2)
        .access(Access.PERSISTENT_RESERVE)
        .doneBy(executor);
  }

  private static Answer begin(ScsiTask task, ReservationState state) {
    return task.answer().put32(Integer.toUnsignedLong(state.generation())).put32(0);
  }

  private static void end(ScsiTask task, Answer answer) {
    answer.set32(LENGTH_AT, answer.size() - HEADER_BYTES);
    task.good();
  }

  private static void readKeys(LunPath path, ScsiTask task) {
    ReservationState state = path.unit().reservations().state();
    Answer answer = begin(task, state);
    state.keys().values().forEach(answer::put64);
    end(task, answer);
  }

  private static void readReservation(LunPath path, ScsiTask task) {
    ReservationState state = path.unit().reservations().state();
    Answer answer = begin(task, state);
    ReservationType type = state.type();
    if (type != null) {
      answer.put64(state.holderKey()).put32(0).put8(0).put8(type.code).put16(0);
    }
    end(task, answer);
  }

  private static void reportCapabilities(LunPath path, ScsiTask task) {
    PersistentReservations reservations = path.unit().reservations();
    task.answer()
        .put16(HEADER_BYTES)
        .put8(CRH | SIP_C | ATP_C | (reservations.canPersist() ? PTPL_C : 0))
        .put8(TMV | ALLOW_COMMANDS | (reservations.state().aptpl() ? PTPL_A : 0))
        .put16(ReservationType.MASK)
        .put16(0);
    task.good();
  }

  /** A target port that is not there now has no relative identifier: 0. */
  private static void readFullStatus(LunPath path, ScsiTask task) {
    ReservationState state = path.unit().reservations().state();
    ReservationType type = state.type();
    int typeCode = type == null ? 0 : type.code;
    Map<String, Integer> ports = new HashMap<>();
    path.unit().ports().forEach(port -> ports.put(port.name(), port.relativeId()));
    Answer answer = begin(task, state);
    state
        .keys()
        .forEach((nexus, key) -> {
          boolean holds = state.isHolder(nexus);
          answer.put64(key).put32(0).put8(holds ? R_HOLDER : 0).put8(holds ? typeCode : 0);
          answer.put32(0).put16(ports.getOrDefault(nexus.targetPort(), 0));
          answer.put32(TransportId.BYTES);
          TransportId.put(answer, nexus.initiator());
        });
    end(task, answer);
  }
}
