package io.millrace.vhost.user.server;

/** What part of its time a request spends where. */
public enum RequestStage {
  /** From the look at the ring that found it until it goes to the bdev, or to the SCSI target. */
  RING,
  /** With the bdev or SCSI target, in however many parts. */
  BDEV,
  /** Until its answer is in the ring and its driver called, unless the call is put off. */
  COMPLETION,
  /** All of that. */
  TOTAL
}
