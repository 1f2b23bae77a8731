package io.millrace.vhost.user;

import java.nio.ByteBuffer;

/**
 * A ring and a number about it ("A vring state description").
 *
 * @param index ring, 0 to {@link Limits#MAX_VRING_INDEX}
 * @param number 32 bits whose meaning is the message's
 */
public record VringState(int index, int number) {
  static final int BYTES = 8;

  static VringState decode(String message, ByteBuffer from) throws ProtocolException {
    return new VringState(index(message, from.getInt()), from.getInt());
  }

  /** The index, or a refusal: an index beyond eight bits could never get a kick descriptor. */
  static int index(String message, int index) throws ProtocolException {
    if (index < 0 || index > Limits.MAX_VRING_INDEX) {
      throw WireCheck.value(
          message,
          "vring index",
          Integer.toUnsignedString(index),
          "0 to " + Limits.MAX_VRING_INDEX);
    }
    return index;
  }

  /** The number where it can only be 0 or 1. */
  boolean flag(String message) throws ProtocolException {
    if (number != 0 && number != 1) {
      throw WireCheck.value(message, "state", Integer.toUnsignedString(number), "0 or 1");
    }
    return number == 1;
  }

  void encode(ByteBuffer to) {
    to.putInt(index).putInt(number);
  }
}
