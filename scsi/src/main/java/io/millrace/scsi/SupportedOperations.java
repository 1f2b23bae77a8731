package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-5 §6.33, §6.34). */
final class SupportedOperations {
  private static final int OPTIONS_AT = 2;
  private static final int RCTD = 1 << 7;
  private static final int REPORTING_OPTIONS_BIT = 2;
  private static final int OPCODE_AT = 3;
  private static final int ACTION_AT = 4;
  private static final int SERVACTV = 1;
  private static final int CTDP_OF_ALL = 1 << 1;
  private static final int CTDP_OF_ONE = 1 << 7;
  private static final int NOT_SUPPORTED = 1;
  private static final int AS_IN_THE_STANDARD = 3;
  private static final int TIMEOUTS_BYTES = 10; // behind their length

  private static final int ALL = 0; // reporting options
  private static final int BY_OPCODE = 1;
  private static final int BY_ACTION = 2;
  private static final int BY_EITHER = 3;

  private static final int ATS = 1 << 7;
  private static final int ATSS = 1 << 6;
  private static final int CTSS = 1 << 4;
  private static final int LURS = 1 << 3;
  private static final int QTS = 1 << 2;
  private static final int QTSS = 1 << 1;
  private static final int ITNRS = 1;
  private static final int REPD = 1 << 7;
  private static final int EXTENDED_BYTES = 12; // behind the first four
  private static final int LEAST_ALLOCATION = 4;
  private static final int ALLOCATION_AT = 6;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named(
                  "REPORT SUPPORTED OPERATION CODES", "a3 00 87 ff ff ff ff ff ff ff 00 00")
              .action(0x0c)
              .data(DataPhase.ANSWER, ALLOCATION_AT, 4)
              .access(Access.READ)
              .doneBy(SupportedOperations::operations),
          ScsiCommand.named(
                  "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
                  "a3 00 80 00 00 00 ff ff ff ff 00 00")
              .action(0x0d)
              .data(DataPhase.ANSWER, ALLOCATION_AT, 4)
              .access(Access.READ)
              .doneBy(SupportedOperations::functions));

  private SupportedOperations() {}

  private static void operations(LunPath path, ScsiTask task) {
    byte[] cdb = task.cdb();
    int opcode = BigEndian.get8(cdb, OPCODE_AT);
    int action = BigEndian.get16(cdb, ACTION_AT);
    boolean timeouts = (cdb[OPTIONS_AT] & RCTD) != 0;
    boolean hasActions = CommandTable.hasActions(opcode);
    switch (cdb[OPTIONS_AT] & 7) {
      case ALL -> all(path, task, timeouts);
      case BY_OPCODE -> {
        if (hasActions) {
          task.checkField(OPTIONS_AT, REPORTING_OPTIONS_BIT);
        } else {
          one(path, task, CommandTable.find(opcode), timeouts);
        }
      }
      case BY_ACTION -> {
        if (CommandTable.find(opcode) != null) {
          task.checkField(OPTIONS_AT, REPORTING_OPTIONS_BIT);
        } else {
          one(path, task, CommandTable.find(opcode, action), timeouts);
        }
      }
      case BY_EITHER -> {
        ScsiCommand plain = action == 0 ? CommandTable.find(opcode) : null;
        one(path, task, hasActions ? CommandTable.find(opcode, action) : plain, timeouts);
      }
      default -> task.checkField(OPTIONS_AT, REPORTING_OPTIONS_BIT);
    }
  }

  private static void all(LunPath path, ScsiTask task, boolean timeouts) {
    Bdev bdev = path.unit().bdev();
    Answer answer = task.answer();
    answer.put32(0);
    for (ScsiCommand command : CommandTable.commands()) {
      if (command.isDoneBy(bdev)) {
        boolean hasAction = command.serviceAction() != ScsiCommand.NO_ACTION;
        answer.put8(command.opcode()).put8(0).put16(hasAction ? command.serviceAction() : 0);
        answer.put8(0).put8((hasAction ? SERVACTV : 0) | (timeouts ? CTDP_OF_ALL : 0));
        answer.put16(command.cdbBytes());
        if (timeouts) {
          noTimeouts(answer);
        }
      }
    }
    answer.set32(0, answer.size() - 4);
    task.good();
  }

  private static void one(
      LunPath path, ScsiTask task, @Nullable ScsiCommand command, boolean timeouts) {
    Answer answer = task.answer();
    if (command == null || !command.isDoneBy(path.unit().bdev())) {
      answer.put8(0).put8(NOT_SUPPORTED).put16(0);
    } else {
      answer.put8(0).put8(AS_IN_THE_STANDARD | (timeouts ? CTDP_OF_ONE : 0));
      answer.put16(command.cdbBytes()).put(command.usage());
      if (timeouts) {
        noTimeouts(answer);
      }
    }
    task.good();
  }

  /** The command timeouts descriptor: 0 means that none is told. */
  private static void noTimeouts(Answer answer) {
    answer.put16(TIMEOUTS_BYTES).zeroes(TIMEOUTS_BYTES);
  }

  private static void functions(LunPath path, ScsiTask task) {
    if (task.dataBytes() < LEAST_ALLOCATION) {
      task.checkField(ALLOCATION_AT, -1);
      return;
    }
    boolean extended = (task.cdb()[OPTIONS_AT] & REPD) != 0;
    Answer answer = task.answer();
    answer.put8(ATS | ATSS | CTSS | LURS | QTS).put8(QTSS | ITNRS).put8(0);
    answer.put8(extended ? EXTENDED_BYTES : 0);
    if (extended) {
      answer.zeroes(EXTENDED_BYTES); // no function has a timeout
    }
    task.good();
  }
}
