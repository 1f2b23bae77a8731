package io.millrace.vhost.user;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** An immutable run of bytes with a value's equality, so that records can hold one. */
public final class ByteString {
  /** No bytes at all. */
  public static final ByteString EMPTY = new ByteString(new byte[0]);

  private final byte[] bytes;

  private ByteString(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * Copies an array.
   *
   * @param bytes copied, stays the caller's
   * @return the bytes
   */
  public static ByteString of(byte[] bytes) {
    return new ByteString(bytes.clone());
  }

  /**
   * That many zero bytes.
   *
   * @param length at least 0
   * @return the bytes
   */
  public static ByteString zeros(int length) {
    return new ByteString(new byte[length]);
  }

  /**
   * Takes the next bytes of a buffer.
   *
   * @param from its position moves on by {@code length}
   * @param length at most what remains
   * @return the bytes
   */
  public static ByteString take(ByteBuffer from, int length) {
    byte[] bytes = new byte[length];
    from.get(bytes);
    return new ByteString(bytes);
  }

  /**
   * Number of bytes.
   *
   * @return at least 0
   */
  public int length() {
    return bytes.length;
  }

  /**
   * A copy as an array.
   *
   * @return the caller's own
   */
  public byte[] toArray() {
    return bytes.clone();
  }

  /**
   * A read-only view in native byte order, for reading structures.
   *
   * @return a new buffer over all bytes
   */
  public ByteBuffer asBuffer() {
    return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(java.nio.ByteOrder.nativeOrder());
  }

  void putInto(ByteBuffer to) {
    to.put(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ByteString that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
