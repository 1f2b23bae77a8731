package io.millrace.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * The three parts of a ring, as host addresses (virtio 1.3 §2.7).
 *
 * @param size descriptors, a power of two up to {@link #MAX_SIZE}
 * @param desc descriptor table, 16-byte aligned
 * @param avail available ring, 2-byte aligned
 * @param used used ring, 4-byte aligned
 */
public record VringLayout(int size, long desc, long avail, long used) {
  /** Largest queue (§2.7). */
  public static final int MAX_SIZE = 32768;

  /** Whether a queue of this size can be. */
  public static boolean isValidSize(long size) {
    return size >= 1 && size <= MAX_SIZE && Long.bitCount(size) == 1;
  }

  /**
   * Finds a ring in guest memory.
   *
   * @param addresses as SET_VRING_ADDR gave them
   * @return null if part of it is misaligned, or not in shared memory in one piece
   */
  public static @Nullable VringLayout locate(
      AddressTranslation translation, int size, VringAddresses addresses) {
    long desc = translation.translateRing(addresses.desc(), (long) VirtqDesc.SIZE * size);
    long avail = translation.translateRing(addresses.avail(), VirtqAvail.bytes(size));
    long used = translation.translateRing(addresses.used(), VirtqUsed.bytes(size));
    boolean mapped = desc >= 0 && avail >= 0 && used >= 0;
    boolean aligned = (desc & 15) == 0 && (avail & 1) == 0 && (used & 3) == 0;
    return mapped && aligned ? new VringLayout(size, desc, avail, used) : null;
  }
}
