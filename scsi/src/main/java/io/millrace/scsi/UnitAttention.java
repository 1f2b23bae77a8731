package io.millrace.scsi;

/**
 * Conditions that a nexus is told once, before its next command (SAM-6 §5.14); in the order in
 * which they are told: what makes the others meaningless comes first.
 */
public enum UnitAttention {
  POWER_ON_OCCURRED(0x2901),
  BUS_DEVICE_RESET_FUNCTION_OCCURRED(0x2903),
  I_T_NEXUS_LOSS_OCCURRED(0x2907),
  COMMANDS_CLEARED_BY_ANOTHER_INITIATOR(0x2f00),
  RESERVATIONS_PREEMPTED(0x2a03),
  RESERVATIONS_RELEASED(0x2a04),
  REGISTRATIONS_PREEMPTED(0x2a05),
  MODE_PARAMETERS_CHANGED(0x2a01),
  LOG_PARAMETERS_CHANGED(0x2a02),
  CAPACITY_DATA_HAS_CHANGED(0x2a09),
  TIMESTAMP_CHANGED(0x2a10),
  DEVICE_IDENTIFIER_CHANGED(0x3f05),
  REPORTED_LUNS_DATA_HAS_CHANGED(0x3f0e);

  final int code; // ASC in the high byte, ASCQ in the low one

  UnitAttention(int code) {
    this.code = code;
  }

  /** Its place in a set of them. */
  int bit() {
    return 1 << ordinal();
  }

  /** A reset, or the loss of a nexus: what it had of earlier conditions means nothing any more. */
  boolean isReset() {
    return ordinal() <= I_T_NEXUS_LOSS_OCCURRED.ordinal();
  }
}
