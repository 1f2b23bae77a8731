package io.millrace.bdev;

import java.util.Arrays;

/**
 * A read or write that is longer than a turn on the reactor is for: its memory, cut into parts that
 * are done one after the other. Data path, one thread; grows to as many segments as it has.
 */
public final class LongTransfer {
  private long[] addresses = new long[0];
  private int[] lengths = new int[0];
  private int count;
  private IoType type = IoType.READ;
  private boolean durable;
  private int partBytes;
  private long offset; // of the next part on the disk
  private long left;
  private int segment; // where the next part begins: of the segments,
  private int skip; // and within that one
  private long transferred;

  /** Of nothing. */
  public LongTransfer() {}

  /**
   * Takes over what a request asks for.
   *
   * @param io filled, not submitted
   * @param most bytes of a part, whole blocks
   */
  public void begin(BdevIo io, int most) {
    count = io.segmentCount();
    if (addresses.length < count) {
      addresses = Arrays.copyOf(addresses, count);
      lengths = Arrays.copyOf(lengths, count);
    }
    for (int i = 0; i < count; i++) {
      addresses[i] = io.segmentAddress(i);
      lengths[i] = io.segmentBytes(i);
    }
    type = io.type();
    durable = io.isForceUnitAccess();
    partBytes = most;
    offset = io.offsetBytes();
    left = io.lengthBytes();
    segment = 0;
    skip = 0;
    transferred = 0;
  }

  /** Gives the room for segments back that is more than this; the transfer is over. */
  public void keepRoomFor(int segments) {
    if (addresses.length > segments) {
      addresses = new long[segments];
      lengths = new int[segments];
    }
  }

  /** Fills a request with the next part; false when there is none. */
  public boolean next(BdevIo io) {
    if (left == 0) {
      return false;
    }
    int part = (int) Math.min(left, partBytes);
    io.begin(type, offset, part);
    if (segment > 0 || skip > 0) {
      io.furtherPart();
    }
    if (durable) {
      io.forceUnitAccess();
    }
    for (int missing = part; missing > 0; ) {
      int piece = Math.min(lengths[segment] - skip, missing);
      io.addSegment(addresses[segment] + skip, piece);
      missing -= piece;
      skip += piece;
      if (skip == lengths[segment]) {
        segment++;
        skip = 0;
      }
    }
    offset += part;
    left -= part;
    return true;
  }

  /** A part is done: so much of it was transferred. */
  public void ended(long bytes) {
    transferred += bytes;
  }

  /** Bytes of all parts that were really transferred: from the start, in one piece. */
  public long transferredBytes() {
    return transferred;
  }

  /** How many segments all of its parts have. */
  public int segmentCount() {
    return count;
  }

  /** Host address of a segment. */
  public long address(int index) {
    return addresses[index];
  }

  /** Length of a segment. */
  public int bytes(int index) {
    return lengths[index];
  }
}
