package io.millrace.virtio.blk;

import io.millrace.virtqueue.ChainReader;

/**
 * The ranges of one DISCARD or WRITE_ZEROES, {@code struct virtio_blk_discard_write_zeroes} (virtio
 * 1.3 §5.2.6): each read once out of the guest's memory and checked. Data path.
 */
final class BlkRanges {
  /** Bytes of a range in a request: sector u64, num_sectors u32, flags u32. */
  static final int ENTRY_BYTES = 16;

  /** In flags of a WRITE_ZEROES: the range may be deallocated. */
  static final long FLAG_UNMAP = 1;

  private final long[] offsetBytes = new long[RangeLimits.MAX_RANGES];
  private final int[] lengthBytes = new int[RangeLimits.MAX_RANGES];
  private long unmaps; // bit i: range i may be deallocated
  private int count;
  private int next;

  /**
   * Reads and checks all ranges before any of them is done.
   *
   * @param reader stands behind the header of the chain
   * @param bytes readable behind the header
   * @param limits of one range
   * @param flags that a range may have
   * @param sizeBytes of the disk
   * @param blockSize of the disk
   * @return OK; UNSUPP when a flag is set that must not be; IOERR for what no driver may ask
   */
  BlkStatus read(
      ChainReader reader,
      long bytes,
      RangeLimits limits,
      long flags,
      long sizeBytes,
      int blockSize) {
    count = 0;
    next = 0;
    unmaps = 0;
    if (bytes == 0 || bytes % ENTRY_BYTES != 0 || bytes / ENTRY_BYTES > RangeLimits.MAX_RANGES) {
      return BlkStatus.IOERR;
    }
    int wanted = (int) (bytes / ENTRY_BYTES);
    boolean unsupported = false;
    boolean wrong = false;
    for (int i = 0; i < wanted; i++) {
      long sector = reader.readLong();
      long numSectorsAndFlags = reader.readLong();
      long sectors = numSectorsAndFlags & 0xffff_ffffL;
      long rangeFlags = numSectorsAndFlags >>> 32;
      unsupported |= (rangeFlags & ~flags) != 0;
      if (isInside(sector, sectors, limits, sizeBytes, blockSize)) {
        add(sector * BlkConfig.SECTOR_BYTES, (int) sectors * BlkConfig.SECTOR_BYTES, rangeFlags);
      } else {
        wrong = true;
      }
    }
    if (unsupported) {
      return BlkStatus.UNSUPP;
    }
    return wrong ? BlkStatus.IOERR : BlkStatus.OK;
  }

  private void add(long offset, int length, long flags) {
    offsetBytes[count] = offset;
    lengthBytes[count] = length;
    unmaps |= (flags & FLAG_UNMAP) << count;
    count++;
  }

  /** No sum and no product of what the guest chose is made before it is known to fit. */
  private static boolean isInside(
      long sector, long sectors, RangeLimits limits, long sizeBytes, int blockSize) {
    long capacity = sizeBytes / BlkConfig.SECTOR_BYTES;
    int blockSectors = blockSize / BlkConfig.SECTOR_BYTES;
    return sectors > 0
        && sectors <= limits.maxSectors()
        && sectors <= capacity
        && Long.compareUnsigned(sector, capacity - sectors) <= 0
        && ((sector | sectors) & blockSectors - 1) == 0;
  }

  /** Bytes of all ranges together. */
  long totalBytes() {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += lengthBytes[i];
    }
    return sum;
  }

  /** Goes to the next range; false when there is none. */
  boolean next() {
    if (next == count) {
      return false;
    }
    next++;
    return true;
  }

  /** Where the range that {@link #next} went to starts. */
  long offset() {
    return offsetBytes[next - 1];
  }

  int length() {
    return lengthBytes[next - 1];
  }

  boolean mayUnmap() {
    return (unmaps >>> (next - 1) & 1) != 0;
  }
}
