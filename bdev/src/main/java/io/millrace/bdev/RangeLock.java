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
    return io.type().isWrite() && overlaps(io.offsetBytes(), io.lengthBytes());
  }

  boolean overlaps(RangeLock other) {
    return overlaps(other.offsetBytes, other.lengthBytes);
  }

  private boolean overlaps(long otherOffset, long otherLength) {
    return otherOffset < offsetBytes + lengthBytes && offsetBytes < otherOffset + otherLength;
  }
}
