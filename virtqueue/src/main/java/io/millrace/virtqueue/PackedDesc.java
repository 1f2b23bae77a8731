package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * Layout of {@code struct pvirtq_desc}, virtio 1.3 §2.8.13. The address is the object.
 *
 * <p>{@code len}, {@code id} and {@code flags} are one aligned word here, {@code state}: the flags
 * that make a descriptor available or used are loaded and stored together with what they vouch for.
 */
final class PackedDesc {
  static final int SIZE = 16; // bytes
  static final int F_NEXT = 1;
  static final int F_WRITE = 2;
  static final int F_INDIRECT = 4;

  private static final int F_AVAIL = 1 << 7;
  private static final int F_USED = 1 << 15;
  private static final int ADDR = 0;
  private static final int STATE = 8; // len u32, id u16, flags u16

  private PackedDesc() {}

  static long addr(long desc) {
    return RawMemory.getLong(desc + ADDR);
  }

  static void addr(long desc, long addr) {
    RawMemory.putLong(desc + ADDR, addr);
  }

  static long stateAddress(long desc) {
    return desc + STATE;
  }

  /** Acquire: the address, and the list's other descriptors, are loaded after it. */
  static long stateAcquire(long desc) {
    return RawMemory.getLongAcquire(desc + STATE);
  }

  static void state(long desc, long state) {
    RawMemory.putLong(desc + STATE, state);
  }

  /** Release: everything before it is stored before it. */
  static void stateRelease(long desc, long state) {
    RawMemory.putLongRelease(desc + STATE, state);
  }

  static long state(long len, int id, int flags) {
    return (len & 0xffff_ffffL) | (long) (id & 0xffff) << 32 | (long) flags << 48;
  }

  static long len(long state) {
    return state & 0xffff_ffffL;
  }

  static int id(long state) {
    return (int) (state >>> 32) & 0xffff;
  }

  static int flags(long state) {
    return (int) (state >>> 48);
  }

  /** Flags of a descriptor that the driver makes available in a lap. */
  static int availFlags(int wrap) {
    return wrap == 1 ? F_AVAIL : F_USED;
  }

  /** Flags of a descriptor that the device has used in a lap. */
  static int usedFlags(int wrap) {
    return wrap == 1 ? F_AVAIL | F_USED : 0;
  }

  /** Whether the driver has made a descriptor available in this lap. */
  static boolean isAvailable(long state, int wrap) {
    return (flags(state) & (F_AVAIL | F_USED)) == availFlags(wrap);
  }

  /** Whether the device has used a descriptor in this lap. */
  static boolean isUsed(long state, int wrap) {
    return (flags(state) & (F_AVAIL | F_USED)) == usedFlags(wrap);
  }
}
