package io.millrace.scsi;

/**
 * What a command wants of a logical unit that may be reserved (SPC-5 tables 66 and 67, SBC-4 table
 * 19).
 */
enum Access {
  /** Goes on whoever holds a reservation. */
  ALWAYS,
  /** Reads the medium: an exclusive access reservation keeps others out. */
  READ,
  /** Writes, or changes what others see: any reservation keeps others out. */
  WRITE,
  /** A persistent reservation command: its own rules, and RESERVE of SPC-2 keeps others out. */
  PERSISTENT_RESERVE,
  /** RESERVE and RELEASE of SPC-2: not beside registrations. */
  LEGACY_RESERVE
}
