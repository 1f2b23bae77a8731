package io.millrace.scsi;

/** Task attributes (SAM-6 §8.6). */
public enum TaskAttribute {
  SIMPLE,
  /** Begins when all older ones of its task set are done; younger ones wait for it. */
  ORDERED,
  /** Waits for nobody. */
  HEAD_OF_QUEUE,
  /** Only for a task set with an auto contingent allegiance, which this target never has. */
  ACA
}
