package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/** Layout of {@code struct virtq_used}, virtio 1.3 §2.7.8. The address is the object. */
final class VirtqUsed {
  static final int F_NO_NOTIFY = 1;
  static final int ELEMENT = 8; // bytes: id u32, len u32

  private static final int FLAGS = 0;
  private static final int IDX = 2;
  private static final int RING = 4;

  private VirtqUsed() {}

  /** Bytes of the structure with {@code avail_event}. */
  static long bytes(int queueSize) {
    return RING + (long) ELEMENT * queueSize + 2;
  }

  static long flagsAddress(long used) {
    return used + FLAGS;
  }

  static long idxAddress(long used) {
    return used + IDX;
  }

  static long elementAddress(long used, int slot) {
    return used + RING + (long) ELEMENT * slot;
  }

  static long availEventAddress(long used, int queueSize) {
    return used + RING + (long) ELEMENT * queueSize;
  }

  static int flags(long used) {
    return RawMemory.getShort(used + FLAGS) & 0xffff;
  }

  /** Acquire: elements before it are loaded after it. */
  static int idxAcquire(long used) {
    return RawMemory.getShortAcquire(used + IDX) & 0xffff;
  }

  /** {@code id} in the low, {@code len} in the high half, each loaded once: 4-byte aligned only. */
  static long element(long used, int slot) {
    long element = elementAddress(used, slot);
    return Integer.toUnsignedLong(RawMemory.getInt(element))
        | (long) RawMemory.getInt(element + 4) << 32;
  }

  static int availEvent(long used, int queueSize) {
    return RawMemory.getShort(availEventAddress(used, queueSize)) & 0xffff;
  }
}
