package io.millrace.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * The three areas of a ring, as host addresses (virtio 1.3 §2.6).
 *
 * @param size descriptors, up to {@link #MAX_SIZE}; a power of two in a split ring
 * @param desc descriptor area: the table or, packed, the ring; 16-byte aligned
 * @param avail driver area: available ring, 2-byte aligned; packed: driver event suppression, 4
 * @param used device area: used ring or, packed, device event suppression; 4-byte aligned
 */
public record VringLayout(int size, long desc, long avail, long used) {
  /** Largest queue (§2.7, §2.8). */
  public static final int MAX_SIZE = 32768;

  private static final int CACHE_LINE = 64;

  /**
   * Memory a ring needs when it lies in one piece.
   *
   * @param size one that the format allows
   * @return bytes, a multiple of 64
   */
  public static long bytes(RingFormat format, int size) {
    return deviceAreaOffset(format, size) + align(format.deviceAreaBytes(size));
  }

  /**
   * Lays a ring out in one piece, its areas on cache lines of their own.
   *
   * @param address of {@link #bytes} bytes, aligned to 64
   * @param size one that the format allows
   */
  public static VringLayout at(long address, RingFormat format, int size) {
    long driverArea = address + align((long) VirtqDesc.SIZE * size);
    long deviceArea = address + deviceAreaOffset(format, size);
    return new VringLayout(size, address, driverArea, deviceArea);
  }

  private static long deviceAreaOffset(RingFormat format, int size) {
    return align((long) VirtqDesc.SIZE * size) + align(format.driverAreaBytes(size));
  }

  private static long align(long bytes) {
    return (bytes + CACHE_LINE - 1) & -CACHE_LINE;
  }

  /**
   * Finds a ring in guest memory.
   *
   * @param addresses as SET_VRING_ADDR gave them
   * @return null if the format has no ring of that size, or part of it is misaligned or not in
   *     shared memory in one piece
   */
  public static @Nullable VringLayout locate(
      AddressTranslation translation, RingFormat format, int size, VringAddresses addresses) {
    if (!format.isValidSize(size)) {
      return null;
    }
    long desc = translation.translateRing(addresses.desc(), (long) VirtqDesc.SIZE * size);
    long avail = translation.translateRing(addresses.avail(), format.driverAreaBytes(size));
    long used = translation.translateRing(addresses.used(), format.deviceAreaBytes(size));
    boolean mapped = desc >= 0 && avail >= 0 && used >= 0;
    boolean aligned =
        (desc & 15) == 0 && (avail & (format.driverAreaAlignment() - 1)) == 0 && (used & 3) == 0;
    return mapped && aligned ? new VringLayout(size, desc, avail, used) : null;
  }
}
