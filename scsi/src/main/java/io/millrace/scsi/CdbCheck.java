package io.millrace.scsi;

/** What is wrong with a CDB that cannot be done, told by where it is (SPC-5 §4.4.2.4). */
final class CdbCheck {
  private CdbCheck() {}

  /** Its operation code, or its service action, is of no command. */
  static void refuseUnknown(ScsiTask task, byte[] cdb) {
    int opcode = cdb[0] & 0xff;
    if (opcode == CommandTable.VARIABLE_LENGTH) {
      task.refuseField(CommandTable.LONG_ACTION_AT, -1);
    } else if (CommandTable.hasActions(opcode)) {
      task.refuseField(CommandTable.actionByte(opcode), 4);
    } else {
      task.refuse(Sense.INVALID_COMMAND_OPERATION_CODE);
    }
  }

  /** It has bits that the command does not know. */
  static void refuseBits(ScsiTask task, ScsiCommand command, byte[] cdb) {
    for (int i = 1; i < Math.min(command.cdbBytes(), ScsiCommand.CHECKED_BYTES); i++) {
      int wrong = cdb[i] & ~command.mask(i) & 0xff;
      if (wrong != 0) {
        task.refuseField(i, command.pointerTo(i, 31 - Integer.numberOfLeadingZeros(wrong)));
        return;
      }
    }
    task.refuse(Sense.INVALID_FIELD_IN_CDB); // never done unchecked, whatever was seen above
  }
}
