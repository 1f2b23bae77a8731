package io.millrace.nvme;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Fields of a data structure that a controller sent: little-endian, at fixed offsets. */
final class IdentifyData {
  private final byte[] bytes;

  IdentifyData(byte[] bytes) {
    this.bytes = bytes;
  }

  int u8(int offset) {
    return bytes[offset] & 0xff;
  }

  int u16(int offset) {
    return u8(offset) | u8(offset + 1) << 8;
  }

  int i32(int offset) {
    return u16(offset) | u16(offset + 2) << 16;
  }

  long u32(int offset) {
    return Integer.toUnsignedLong(i32(offset));
  }

  long i64(int offset) {
    return u32(offset) | u32(offset + 4) << 32;
  }

  /** Bytes in the order that they are in. */
  byte[] bytes(int offset, int count) {
    return Arrays.copyOfRange(bytes, offset, offset + count);
  }

  /** Text without the spaces, or whatever cannot be printed, around it. */
  String text(int offset, int count) {
    String all = new String(bytes, offset, count, StandardCharsets.ISO_8859_1);
    return all.replaceAll("[^\\x20-\\x7e]", " ").strip();
  }

  boolean isZero(int offset, int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[offset + i] != 0) {
        return false;
      }
    }
    return true;
  }
}
