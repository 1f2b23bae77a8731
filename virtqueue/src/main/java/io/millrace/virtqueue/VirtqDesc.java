package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/** Layout of {@code struct virtq_desc}, virtio 1.3 §2.7.5. The address is the object. */
final class VirtqDesc {
  static final int SIZE = 16; // bytes
  static final int F_NEXT = 1;
  static final int F_WRITE = 2;
  static final int F_INDIRECT = 4;

  private static final int ADDR = 0;
  private static final int REST = 8; // len u32, flags u16, next u16

  private VirtqDesc() {}

  static long addr(long desc) {
    return RawMemory.getLong(desc + ADDR);
  }

  /** {@code len}, {@code flags} and {@code next} in one load: the guest may be rewriting them. */
  static long lenFlagsNext(long desc) {
    return RawMemory.getLong(desc + REST);
  }

  static long len(long lenFlagsNext) {
    return lenFlagsNext & 0xffff_ffffL;
  }

  static int flags(long lenFlagsNext) {
    return (int) (lenFlagsNext >>> 32) & 0xffff;
  }

  static int next(long lenFlagsNext) {
    return (int) (lenFlagsNext >>> 48);
  }

  static void put(long desc, long addr, int len, int flags, int next) {
    RawMemory.putLong(desc + ADDR, addr);
    RawMemory.putLong(
        desc + REST,
        Integer.toUnsignedLong(len) | (long) (flags & 0xffff) << 32 | (long) next << 48);
  }
}
