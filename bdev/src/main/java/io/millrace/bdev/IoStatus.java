package io.millrace.bdev;

/** How a request ended. Mapped to virtio, SCSI and NVMe codes at the borders. */
public enum IoStatus {
  /** Done in full. */
  SUCCESS,
  /** The medium or the path to it failed. */
  IO_ERROR,
  /** The bdev does not do this type of request. */
  UNSUPPORTED,
  /** Beyond the last block, not a multiple of the block size, or too long. */
  OUT_OF_RANGE,
  /** A write to a bdev that takes none. */
  READ_ONLY,
  /** The storage below is full. */
  NO_SPACE,
  /** The data segments point at memory that is no longer there. */
  BAD_MEMORY,
  /** Cancelled, or the bdev is going away. */
  ABORTED,
  /** COMPARE found a difference. */
  MISCOMPARE
}
