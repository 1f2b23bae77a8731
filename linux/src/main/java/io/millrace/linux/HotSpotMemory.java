package io.millrace.linux;

import jdk.internal.misc.Unsafe;

/**
 * {@link RawMemory}'s accesses as HotSpot has them, for where the JDK exports them to this module:
 * elsewhere an {@link IllegalAccessError} is thrown. Loads have acquire order; what is not said to
 * be aligned may be unaligned.
 */
final class HotSpotMemory {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  private HotSpotMemory() {}

  static byte getByte(long address) {
    return UNSAFE.getByteAcquire(null, address);
  }

  static short getAlignedShort(long address) {
    return UNSAFE.getShortAcquire(null, aligned(address, Short.BYTES));
  }

  static int getAlignedInt(long address) {
    return UNSAFE.getIntAcquire(null, aligned(address, Integer.BYTES));
  }

  static long getAlignedLong(long address) {
    return UNSAFE.getLongAcquire(null, aligned(address, Long.BYTES));
  }

  static void putByte(long address, byte value) {
    UNSAFE.putByte(null, address, value);
  }

  static void putShort(long address, short value) {
    UNSAFE.putShortUnaligned(null, address, value);
  }

  static void putInt(long address, int value) {
    UNSAFE.putIntUnaligned(null, address, value);
  }

  static void putLong(long address, long value) {
    UNSAFE.putLongUnaligned(null, address, value);
  }

  static void putAlignedShort(long address, short value) {
    UNSAFE.putShort(null, aligned(address, Short.BYTES), value);
  }

  static void putAlignedInt(long address, int value) {
    UNSAFE.putInt(null, aligned(address, Integer.BYTES), value);
  }

  static void putAlignedLong(long address, long value) {
    UNSAFE.putLong(null, aligned(address, Long.BYTES), value);
  }

  static void setBits(long address, long bits) {
    UNSAFE.getAndBitwiseOrLong(null, aligned(address, Long.BYTES), bits);
  }

  static long takeBits(long address) {
    return UNSAFE.getAndSetLong(null, aligned(address, Long.BYTES), 0L);
  }

  static void copy(long from, long to, long bytes) {
    UNSAFE.copyMemory(null, from, null, to, bytes);
  }

  private static long aligned(long address, int bytes) {
    if ((address & (bytes - 1)) != 0) {
      throw misaligned(address);
    }
    return address;
  }

  private static IllegalArgumentException misaligned(long address) {
    return new IllegalArgumentException("misaligned access at 0x" + Long.toHexString(address));
  }
}
