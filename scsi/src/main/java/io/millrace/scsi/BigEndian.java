package io.millrace.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Fields of CDBs and parameter lists. */
final class BigEndian {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private BigEndian() {}

  /**
   * An unsigned field.
   *
   * @param width its bytes, 1 to 8; one of 8 may come out negative
   */
  static long get(byte[] bytes, int at, int width) {
    long value = 0;
    for (int i = 0; i < width; i++) {
      value = (value << 8) | (bytes[at + i] & 0xff);
    }
    return value;
  }

  static int get8(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  static int get16(byte[] bytes, int at) {
    return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
  }

  static long get32(byte[] bytes, int at) {
    return ((long) get16(bytes, at) << 16) | get16(bytes, at + 2);
  }

  static long get64(byte[] bytes, int at) {
    return (long) LONG.get(bytes, at);
  }

  static void put16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }

  static void put32(byte[] bytes, int at, long value) {
    put16(bytes, at, (int) (value >>> 16));
    put16(bytes, at + 2, (int) value);
  }

  static void put64(byte[] bytes, int at, long value) {
    LONG.set(bytes, at, value);
  }
}
