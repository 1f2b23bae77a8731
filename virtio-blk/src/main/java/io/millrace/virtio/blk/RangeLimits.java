package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoType;

/**
 * What DISCARD and WRITE_ZEROES of a disk may ask for (virtio 1.3 §5.2.4).
 *
 * @param maxSectors longest range in sectors of 512 bytes, whole logical blocks
 * @param alignmentSectors what ranges are best aligned to, 0 when it does not matter
 * @param zeroesMayUnmap whether a WRITE_ZEROES with its unmap flag can give storage back
 */
record RangeLimits(int maxSectors, int alignmentSectors, boolean zeroesMayUnmap) {
  /**
   * Most ranges of one request. Each costs the queue memory and the disk a request of its own, so
   * this bounds what one descriptor chain can ask for.
   */
  static final int MAX_RANGES = 64;

  static RangeLimits of(Bdev bdev) {
    BdevLimits limits = bdev.properties().limits();
    int maxBytes = limits.maxUnmapBytes() & -bdev.properties().blockSize();
    return new RangeLimits(
        maxBytes / BlkConfig.SECTOR_BYTES,
        limits.unmapGranularity() / BlkConfig.SECTOR_BYTES,
        limits.unmapGranularity() > 0 && bdev.supports(IoType.UNMAP));
  }
}
