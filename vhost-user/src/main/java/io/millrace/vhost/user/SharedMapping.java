package io.millrace.vhost.user;

import java.nio.ByteBuffer;

/**
 * Part of a file in a VIRTIO shared memory region (SHMEM_MAP, SHMEM_UNMAP).
 *
 * @param regionId shared memory region, 0 to 255
 * @param fileOffset first byte in the file, unsigned
 * @param regionOffset first byte in the region, unsigned
 * @param length bytes, unsigned
 * @param flags bit 0: writable
 */
public record SharedMapping(
    int regionId, long fileOffset, long regionOffset, long length, long flags) {
  private static final int U8 = 0xff;

  static SharedMapping decode(ByteBuffer from) {
    int regionId = from.get() & U8;
    from.position(from.position() + 7); // padding
    return new SharedMapping(
        regionId, from.getLong(), from.getLong(), from.getLong(), from.getLong());
  }

  void encode(ByteBuffer to) {
    to.put((byte) regionId).put(new byte[7]);
    to.putLong(fileOffset).putLong(regionOffset).putLong(length).putLong(flags);
  }
}
