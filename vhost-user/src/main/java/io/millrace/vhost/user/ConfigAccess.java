package io.millrace.vhost.user;

import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;

/**
 * A piece of the device's configuration space ("Virtio device config space"). In GET_CONFIG only
 * its place and length count; the reply has the same place and length.
 *
 * @param offset of the first byte, 0 to {@link Limits#MAX_CONFIG_BYTES}
 * @param flags {@link #WRITABLE} or {@link #MIGRATION}
 * @param data the bytes; offset and length together stay within {@link Limits#MAX_CONFIG_BYTES}
 */
public record ConfigAccess(int offset, int flags, ByteString data) {
  /** The guest's driver writes fields that it may write. */
  public static final int WRITABLE = 0;

  /** Live migration writes any field. */
  public static final int MIGRATION = 1;

  /** Bytes before the data. */
  static final int PREFIX_BYTES = 12;

  /** Refuses what lies outside the configuration space. */
  public ConfigAccess {
    if (offset < 0 || offset > Limits.MAX_CONFIG_BYTES - data.length()) {
      throw new IllegalArgumentException("offset " + offset + ", length " + data.length());
    }
  }

  static ConfigAccess decode(String message, ByteBuffer from) throws ProtocolException {
    int offset = from.getInt();
    int size = from.getInt();
    int flags = from.getInt();
    if (size != from.remaining()) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s says %s bytes of configuration and has %d"
              .formatted(message, Integer.toUnsignedString(size), from.remaining()));
    }
    if (offset < 0 || offset > Limits.MAX_CONFIG_BYTES - size) {
      throw WireCheck.value(
          message,
          "configuration offset",
          Integer.toUnsignedString(offset),
          "at most " + (Limits.MAX_CONFIG_BYTES - size) + " for " + size + " bytes");
    }
    return new ConfigAccess(offset, flags, ByteString.take(from, size));
  }

  int bytes() {
    return PREFIX_BYTES + data.length();
  }

  void encode(ByteBuffer to) {
    to.putInt(offset).putInt(data.length()).putInt(flags);
    data.putInto(to);
  }
}
