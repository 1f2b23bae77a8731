package io.millrace.scsi;

import io.millrace.linux.RawMemory;

/** Compares and fills blocks in memory of the device server. Data path, stateless. */
final class BlockCompare {
  static final long SAME = -1;

  private BlockCompare() {}

  /**
   * Where two pieces of memory differ.
   *
   * @param bytes their length, a multiple of 8
   * @return offset of the first byte, or {@link #SAME}
   */
  static long difference(long one, long other, long bytes) {
    for (long at = 0; at < bytes; at += Long.BYTES) {
      long bits = RawMemory.getLong(one + at) ^ RawMemory.getLong(other + at);
      if (bits != 0) {
        return at + (Long.numberOfTrailingZeros(bits) >>> 3); // the first byte is the lowest one
      }
    }
    return SAME;
  }

  /** Where blocks differ from one block that each of them is to be, or {@link #SAME}. */
  static long differenceFromOne(long block, int blockBytes, long blocks, long bytes) {
    for (long at = 0; at < bytes; at += blockBytes) {
      long difference = difference(block, blocks + at, blockBytes);
      if (difference != SAME) {
        return at + difference;
      }
    }
    return SAME;
  }

  /** Whether a piece of memory, a multiple of 8 bytes long, is all zeroes. */
  static boolean isZero(long address, long bytes) {
    long bits = 0;
    for (long at = 0; at < bytes && bits == 0; at += Long.BYTES) {
      bits = RawMemory.getLong(address + at);
    }
    return bits == 0;
  }

  /** Fills memory with one block again and again; whole blocks. */
  static void repeat(long block, int blockBytes, long to, long bytes) {
    RawMemory.copy(block, to, blockBytes);
    for (long done = blockBytes; done < bytes; done *= 2) {
      RawMemory.copy(to, to + done, Math.min(done, bytes - done));
    }
  }
}
