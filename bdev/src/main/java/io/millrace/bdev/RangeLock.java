package io.millrace.bdev;

/**
 * A range of a bdev in which no other write may happen, for read-modify-write by a module (compare
 * and write, copy on write). Taken by {@link Bdev#lockRange} on all channels at once.
 */
public final class RangeLock {
  private final long offsetBytes;
  private final long lengthBytes;

  RangeLock(long offsetBytes, long lengthBytes) {
    this.offsetBytes = offsetBytes;
    this.lengthBytes = lengthBytes;
  }

  boolean overlaps(BdevIo io) {
    return switch (io.type()) {
      case READ, FLUSH, COMPARE -> false;
      case WRITE, UNMAP, WRITE_ZEROES, ZONE_APPEND ->
          io.offsetBytes() < offsetBytes + lengthBytes
              && offsetBytes < io.offsetBytes() + io.lengthBytes();
    };
  }
}
