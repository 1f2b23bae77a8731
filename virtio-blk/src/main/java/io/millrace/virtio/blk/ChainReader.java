package io.millrace.virtio.blk;

import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.DescriptorChain;

/**
 * Reads structures out of the readable part of a chain, wherever its descriptors end. One queue's
 * scratch object; the caller knows how many bytes there are.
 */
final class ChainReader {
  private final byte[] bytes = new byte[Long.BYTES];
  private DescriptorChain chain = new DescriptorChain();
  private int index;
  private int offset;

  /** Stands at the start of a chain, which stays valid as long as this reads. */
  void begin(DescriptorChain of) {
    chain = of;
    index = 0;
    offset = 0;
  }

  /** The next eight bytes, little-endian, each read once. */
  long readLong() {
    if (chain.bytes(index) - offset >= Long.BYTES) {
      long value = RawMemory.getLong(chain.address(index) + offset);
      advance(Long.BYTES);
      return value;
    }
    int at = 0;
    while (at < Long.BYTES) {
      int piece = Math.min(chain.bytes(index) - offset, Long.BYTES - at);
      RawMemory.get(chain.address(index) + offset, bytes, at, piece);
      at += piece;
      advance(piece);
    }
    return LittleEndian.getLong(bytes, 0);
  }

  private void advance(int by) {
    offset += by;
    if (offset == chain.bytes(index)) {
      index++;
      offset = 0;
    }
  }
}
