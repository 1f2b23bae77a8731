package io.millrace.scsi;

/** Status codes (SAM-6 §5.3.1). */
public final class ScsiStatus {
  /** The command is done. */
  public static final int GOOD = 0x00;

  /** Sense data says what is wrong. */
  public static final int CHECK_CONDITION = 0x02;

  /** A PRE-FETCH found room in the cache for all of it. */
  public static final int CONDITION_MET = 0x04;

  /** The logical unit cannot take it now; the same may work later. */
  public static final int BUSY = 0x08;

  /** Another nexus has reserved the logical unit. */
  public static final int RESERVATION_CONFLICT = 0x18;

  /** No room for another command. */
  public static final int TASK_SET_FULL = 0x28;

  /** Aborted by another nexus (TAS is 1). */
  public static final int TASK_ABORTED = 0x40;

  private ScsiStatus() {}
}
