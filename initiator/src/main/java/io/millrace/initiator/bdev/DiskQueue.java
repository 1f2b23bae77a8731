package io.millrace.initiator.bdev;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.RequestQueue;

/**
 * What requests look like on a queue: virtio-blk's headers, or SCSI's commands. Data path, one
 * thread; allocates nothing after construction, throws nothing. A slot has one part with the device
 * at a time, and no more slots are used than the queue is deep: so it takes each.
 */
interface DiskQueue {
  /** Is told how parts end, and may submit the next ones from there. */
  interface Ends {
    /** A part is done, or has failed for good. */
    void done(int slot, IoStatus status);

    /**
     * The device did nothing, and may if it is asked again.
     *
     * @param later whether it needs time; else it had something to say first
     */
    void again(int slot, boolean later);
  }

  /** The queue. */
  RequestQueue requests();

  /** Longest part that carries data, in bytes: a multiple of the block. */
  int maxTransferBytes();

  /** Whether the device is asked to flush; else there is nothing that it could. */
  boolean flushes();

  /** Whether requests of a type are durable when done, if they say so, without a flush. */
  boolean forcesUnitAccess(IoType type);

  /**
   * Submits a READ, a WRITE or a COMPARE.
   *
   * @param buffer with the data, or for it
   * @param durable whether a write is to be; see {@link #forcesUnitAccess}
   */
  void transfer(IoType type, long offsetBytes, long buffer, int bytes, boolean durable, int slot);

  /**
   * Submits as much of an UNMAP or a WRITE_ZEROES as the device takes in one.
   *
   * @param buffer for what has to be said of the range
   * @param leftBytes of the range
   * @param mayUnmap whether zeroed blocks may be deallocated
   * @return how much of it that is
   */
  long clear(
      IoType type, long offsetBytes, long leftBytes, boolean mayUnmap, long buffer, int slot);

  /** Submits a flush of everything. */
  void flush(int slot);

  /**
   * Takes completions.
   *
   * @return how many there were
   */
  int poll(Ends ends);
}
