package io.millrace.scsi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Parameter data on its way to an initiator, big-endian as all of SCSI. One task's, used again; not
 * thread-safe.
 */
public final class Answer {
  private static final int USUAL_BYTES = 256;
  private static final int MOST_BYTES_KEPT = 4096;

  private byte[] bytes = new byte[0];
  private int size;

  Answer() {}

  void begin() {
    size = 0;
  }

  /** What an earlier command answered is nobody's any more. */
  static void forget(@Nullable Answer answer) {
    if (answer != null) {
      answer.begin();
    }
  }

  /** Gives room back that only an unusual answer needs. */
  void recycle() {
    size = 0;
    if (bytes.length > MOST_BYTES_KEPT) {
      bytes = new byte[0];
    }
  }

  /** How many bytes there are. */
  public int size() {
    return size;
  }

  /** The bytes: the first {@link #size} of them. */
  public byte[] bytes() {
    return bytes;
  }

  /** Adds so many zeroes; where they begin. */
  int zeroes(int count) {
    int at = size;
    int room = size + count;
    if (room > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(room, Math.max(USUAL_BYTES, bytes.length * 2)));
    }
    Arrays.fill(bytes, at, room, (byte) 0);
    size = room;
    return at;
  }

  Answer put8(int value) {
    set8(zeroes(1), value);
    return this;
  }

  Answer put16(int value) {
    set16(zeroes(2), value);
    return this;
  }

  Answer put24(int value) {
    return put8(value >>> 16).put16(value);
  }

  Answer put32(long value) {
    set32(zeroes(4), value);
    return this;
  }

  Answer put64(long value) {
    return put32(value >>> 32).put32(value);
  }

  Answer put(byte[] from) {
    int at = zeroes(from.length); // before the array is looked at: it may become another one
    System.arraycopy(from, 0, bytes, at, from.length);
    return this;
  }

  /** ASCII of a fixed width, filled up with blanks, cut where it is longer (SPC-5 §4.3.1). */
  Answer putText(String text, int width) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    int at = zeroes(width);
    Arrays.fill(bytes, at, size, (byte) ' ');
    System.arraycopy(ascii, 0, bytes, at, Math.min(width, ascii.length));
    return this;
  }

  void set8(int at, int value) {
    bytes[at] = (byte) value;
  }

  void set16(int at, int value) {
    bytes[at] = (byte) (value >>> 8);
    bytes[at + 1] = (byte) value;
  }

  void set32(int at, long value) {
    set16(at, (int) (value >>> 16));
    set16(at + 2, (int) value);
  }

  /** Only its first bytes go to the initiator: its allocation length. */
  void truncate(long length) {
    size = (int) Math.min(size, length);
  }
}
