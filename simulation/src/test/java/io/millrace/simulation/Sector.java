package io.millrace.simulation;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a sector holds: one number, in every word of it, so that a torn one is known. */
final class Sector {
  static final int BYTES = 512;

  /** The value of a sector that nobody wrote, or that was zeroed. */
  static final long ZERO = 0;

  /** What a sector has that holds parts of several values, or none. */
  static final long TORN = -1;

  private Sector() {}

  /** Most sectors of one request. */
  static final int MOST = 8;

  /** A value that only one sector of one request has. */
  static long of(int request, int sectorOfRequest) {
    return (request + 1L) * MOST + sectorOfRequest;
  }

  /** The request that a value is of; -1 for none. */
  static int request(long value) {
    return value <= ZERO ? -1 : (int) (value / MOST) - 1;
  }

  static byte[] bytes(long value) {
    if (value == TORN) {
      byte[] torn = new byte[BYTES];
      torn[BYTES - 1] = 1;
      return torn;
    }
    ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < BYTES / Long.BYTES && value != ZERO; i++) {
      bytes.putLong(i * Long.BYTES, value << 8 | i);
    }
    return bytes.array();
  }

  static long value(byte[] bytes) {
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long value = words.getLong(0) >>> 8;
    for (int i = 0; i < BYTES / Long.BYTES; i++) {
      if (words.getLong(i * Long.BYTES) != (value == ZERO ? 0 : value << 8 | i)) {
        return TORN;
      }
    }
    return value;
  }

  /** For people: which request wrote it. */
  static String name(long value) {
    if (value == TORN) {
      return "a torn or unknown sector";
    }
    return value == ZERO ? "zeroes" : "the data of #" + request(value);
  }
}
