package io.millrace.scsi;

/**
 * What a command wants of a logical unit that may be reserved (SPC-5 tables 66 and 67, SBC-4 table
 * 19).
 */
enum Access {
  /** Goes on whoever holds a reservation. */
  ALWAYS,
  /** Goes on beside any persistent reservation; RESERVE of SPC-2 keeps others out. */
  STATUS,
  /** Reads the medium: an exclusive access reservation keeps others out. */
  READ,
  /** Writes, or changes what others see: any reservation keeps others out. */
  WRITE,
  /** A persistent reservation command: its own rules, and RESERVE of SPC-2 keeps everybody out. */
  PERSISTENT_RESERVE,
  /** RESERVE and RELEASE of SPC-2: beside registrations only as SPC-5 §5.13.3 says. */
  LEGACY_RESERVE
}
