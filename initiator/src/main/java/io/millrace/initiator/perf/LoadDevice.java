package io.millrace.initiator.perf;

import io.millrace.initiator.InitiatorException;

/** An open disk to be loaded. Control plane, one thread; its queues belong to their jobs. */
interface LoadDevice extends AutoCloseable {
  /** Capacity. */
  long sizeBytes();

  /** Bytes of a logical block. */
  int blockBytes();

  /** Longest read or write. */
  int maxTransferBytes();

  /** Longest trim; 0 when the disk does none. */
  long maxTrimBytes();

  /** Whether it takes writes. */
  boolean isWritable();

  /** Whether a completed write may need a flush to be durable. */
  boolean hasCache();

  /** Whether it gives back what was written. */
  boolean remembers();

  /** Takes a piece of the memory for data that the device was opened with; page-aligned. */
  long allocate(long bytes);

  /**
   * The queue of a job.
   *
   * @param job from 0
   */
  LoadQueue queue(int job);

  /** Ends cleanly what the queues began; not after a job failed. */
  void stop() throws InitiatorException;

  @Override
  void close();
}
