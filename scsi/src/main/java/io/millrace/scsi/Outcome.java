package io.millrace.scsi;

/** How a task came to its end other than by the command itself. */
public enum Outcome {
  /** Status and sense data say how it went. */
  COMPLETE,
  /** Aborted by a task management function of its own nexus. */
  ABORTED,
  /** Aborted by a reset. */
  RESET
}
