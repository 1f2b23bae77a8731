package io.millrace.vhost.user;

import io.millrace.vhost.user.ProtocolException.Kind;

/** Checks shared by the codecs; each throws with one line that names the message. */
final class WireCheck {
  private WireCheck() {}

  static void size(String message, int size, int min, int max) throws ProtocolException {
    if (size < min || size > max) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s has a payload of %s bytes, expected %s"
              .formatted(message, Integer.toUnsignedString(size), range(min, max)));
    }
  }

  static void descriptors(String message, int count, int min, int max) throws ProtocolException {
    if (count < min || count > max) {
      throw new ProtocolException(
          Kind.BAD_DESCRIPTORS,
          "%s carries %d file descriptors, expected %s".formatted(message, count, range(min, max)));
    }
  }

  /** The header's own rules; {@code reply} says which kind is expected. */
  static void header(String message, MessageHeader header, boolean reply) throws ProtocolException {
    if (header.version() != MessageHeader.VERSION) {
      throw new ProtocolException(
          Kind.BAD_HEADER,
          "%s has protocol version %d, expected 1".formatted(message, header.version()));
    }
    if (header.isReply() != reply) {
      throw new ProtocolException(
          Kind.BAD_HEADER,
          "%s has flags 0x%x: the reply bit must%s be set"
              .formatted(message, header.flags(), reply ? "" : " not"));
    }
  }

  /** Payload in the buffer and size in the header must agree. */
  static void payload(String message, MessageHeader header, int remaining)
      throws ProtocolException {
    if (header.size() != remaining) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s says %s payload bytes in its header and has %d"
              .formatted(message, Integer.toUnsignedString(header.size()), remaining));
    }
  }

  static ProtocolException value(String message, String field, String found, String expected) {
    return new ProtocolException(
        Kind.BAD_VALUE, "%s has %s %s, expected %s".formatted(message, field, found, expected));
  }

  private static String range(int min, int max) {
    return min == max ? Integer.toString(min) : min + " to " + max;
  }
}
