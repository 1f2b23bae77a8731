package io.millrace.initiator.perf;

/** What one request does; fio's data directions. */
enum Direction {
  READ,
  WRITE,
  TRIM,
  /** A flush; fio counts it apart from the others. */
  SYNC;

  /** How many there are. */
  static final int COUNT = 4;
}
