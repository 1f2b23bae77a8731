package io.millrace.vhost.user;

import java.nio.ByteBuffer;

/**
 * One region of shared guest memory ("Memory regions description"). All four are unsigned 64-bit
 * numbers of the front-end: nothing about them is checked here.
 *
 * @param guestAddress guest physical address of its first byte
 * @param size bytes
 * @param userAddress address of its first byte in the front-end's own address space
 * @param mmapOffset where it begins in the file that came with it
 */
public record MemoryRegion(long guestAddress, long size, long userAddress, long mmapOffset) {
  /** Size on the wire. */
  static final int BYTES = 32;

  static MemoryRegion decode(ByteBuffer from) {
    return new MemoryRegion(from.getLong(), from.getLong(), from.getLong(), from.getLong());
  }

  void encode(ByteBuffer to) {
    to.putLong(guestAddress).putLong(size).putLong(userAddress).putLong(mmapOffset);
  }

  @Override
  public String toString() {
    return "[guest 0x%x, %s bytes, user 0x%x, file offset %s]"
        .formatted(
            guestAddress,
            Long.toUnsignedString(size),
            userAddress,
            Long.toUnsignedString(mmapOffset));
  }
}
