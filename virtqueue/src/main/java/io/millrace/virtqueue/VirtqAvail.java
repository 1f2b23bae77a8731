package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/** Layout of {@code struct virtq_avail}, virtio 1.3 §2.7.6. The address is the object. */
final class VirtqAvail {
  static final int F_NO_INTERRUPT = 1;

  private static final int FLAGS = 0;
  private static final int IDX = 2;
  private static final int RING = 4;

  private VirtqAvail() {}

  /** Bytes of the structure with {@code used_event}. */
  static long bytes(int queueSize) {
    return RING + 2L * queueSize + 2;
  }

  static int flags(long avail) {
    return RawMemory.getShort(avail + FLAGS) & 0xffff;
  }

  static void flags(long avail, int flags) {
    RawMemory.putShort(avail + FLAGS, (short) flags);
  }

  /** Acquire: ring entries and descriptors behind it are loaded after it. */
  static int idxAcquire(long avail) {
    return RawMemory.getShortAcquire(avail + IDX) & 0xffff;
  }

  /** Release: ring entries and descriptors before it are stored before it. */
  static void idxRelease(long avail, int idx) {
    RawMemory.putShortRelease(avail + IDX, (short) idx);
  }

  static int ring(long avail, int slot) {
    return RawMemory.getShort(avail + RING + 2L * slot) & 0xffff;
  }

  static void ring(long avail, int slot, int head) {
    RawMemory.putShort(avail + RING + 2L * slot, (short) head);
  }

  static int usedEvent(long avail, int queueSize) {
    return RawMemory.getShort(avail + RING + 2L * queueSize) & 0xffff;
  }

  static void usedEvent(long avail, int queueSize, int idx) {
    RawMemory.putShort(avail + RING + 2L * queueSize, (short) idx);
  }
}
