package io.millrace.scsi;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every command there is. Dispatch, the checks of a CDB, REPORT SUPPORTED OPERATION CODES and
 * {@code docs/scsi.md} come from here, so that they cannot disagree.
 */
public final class CommandTable {
  /** Operation code of the commands with 32 bytes (SPC-5 §4.2.2.3.3). */
  static final int VARIABLE_LENGTH = 0x7f;

  static final int ADDITIONAL_LENGTH_AT = 7;
  static final int ADDITIONAL_LENGTH = 0x18;

  /** SERVICE ACTION of those, with two bytes. */
  static final int LONG_ACTION_AT = 8;

  private static final int ACTIONS = 32; // of an operation code, at most

  private static final List<ScsiCommand> ALL = all();
  private static final @Nullable ScsiCommand[] BY_OPCODE = new ScsiCommand[256];
  private static final @Nullable ScsiCommand[][] BY_ACTION = new ScsiCommand[256][];

  static {
    for (ScsiCommand command : ALL) {
      int opcode = command.opcode();
      if (command.serviceAction() == ScsiCommand.NO_ACTION) {
        BY_OPCODE[opcode] = command;
      } else {
        if (BY_ACTION[opcode] == null) {
          BY_ACTION[opcode] = new ScsiCommand[ACTIONS];
        }
        BY_ACTION[opcode][command.serviceAction()] = command;
      }
    }
  }

  private CommandTable() {}

  private static List<ScsiCommand> all() {
    List<ScsiCommand> all = new ArrayList<>();
    all.addAll(BlockCommands.ROWS);
    all.addAll(Inquiry.ROWS);
    all.addAll(ReportLuns.ROWS);
    all.addAll(RequestSense.ROWS);
    all.addAll(ModeSense.ROWS);
    all.addAll(ModeSelect.ROWS);
    all.addAll(ReadCapacity.ROWS);
    all.addAll(LogSense.ROWS);
    all.addAll(StartStop.ROWS);
    all.addAll(Diagnostics.ROWS);
    all.addAll(SupportedOperations.ROWS);
    all.addAll(Timestamp.ROWS);
    all.addAll(IdentifyingInformation.ROWS);
    all.addAll(TargetPortGroups.ROWS);
    all.addAll(ReserveIn.ROWS);
    all.addAll(ReserveOut.ROWS);
    all.addAll(LegacyReserve.ROWS);
    all.addAll(VerifyCommands.ROWS);
    all.addAll(WriteSameCommands.ROWS);
    all.addAll(CompareAndWrite.ROWS);
    all.addAll(MediumCommands.ROWS);
    return List.copyOf(all);
  }

  /** All commands. */
  public static List<ScsiCommand> commands() {
    return ALL;
  }

  /** Whether an operation code stands for several commands. */
  static boolean hasActions(int opcode) {
    return BY_ACTION[opcode] != null;
  }

  /** The byte of a CDB with the service action, or with its lower half. */
  static int actionByte(int opcode) {
    return opcode == VARIABLE_LENGTH ? LONG_ACTION_AT + 1 : 1;
  }

  /** The command of an operation code without service actions, or null. */
  static @Nullable ScsiCommand find(int opcode) {
    return BY_OPCODE[opcode];
  }

  /** The command of an operation code and a service action, or null. */
  static @Nullable ScsiCommand find(int opcode, int action) {
    @Nullable ScsiCommand[] actions = BY_ACTION[opcode];
    return actions != null && action < ACTIONS ? actions[action] : null;
  }

  /** The command of a CDB, or null when there is none. */
  static @Nullable ScsiCommand of(byte[] cdb) {
    int opcode = cdb[0] & 0xff;
    ScsiCommand plain = BY_OPCODE[opcode];
    if (plain != null || BY_ACTION[opcode] == null) {
      return plain;
    }
    return opcode == VARIABLE_LENGTH
        ? find(opcode, BigEndian.get16(cdb, LONG_ACTION_AT))
        : find(opcode, cdb[1] & 0x1f);
  }
}
