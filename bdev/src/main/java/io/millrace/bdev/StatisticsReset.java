package io.millrace.bdev;

/** What of a bdev's statistics begins anew when they are read. */
public enum StatisticsReset {
  /** Nothing. */
  NONE,
  /** The shortest and the longest time of a request. */
  EXTREMES,
  /** Counts of failures. */
  FAILURES,
  /** Everything. */
  ALL;

  boolean counts() {
    return this == ALL;
  }

  boolean failures() {
    return this == ALL || this == FAILURES;
  }

  boolean extremes() {
    return this == ALL || this == EXTREMES;
  }
}
