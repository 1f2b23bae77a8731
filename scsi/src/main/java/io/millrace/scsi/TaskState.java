package io.millrace.scsi;

/** Where a task is in its life. */
enum TaskState {
  /** Its transport's. */
  FREE,
  /** Checked, not submitted. */
  PREPARED,
  /** For an ordered task to be done, or to be the one that is begun. */
  WAITING,
  /** Being done. */
  RUNNING
}
