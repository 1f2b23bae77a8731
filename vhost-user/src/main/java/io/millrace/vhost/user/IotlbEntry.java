package io.millrace.vhost.user;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A translation, or a request about one ("An IOTLB message"; the C structure with its six bytes of
 * padding, which QEMU leaves uninitialised and nobody reads).
 *
 * @param iova I/O virtual address, unsigned
 * @param size bytes, unsigned
 * @param userAddress address in the front-end's own address space, unsigned
 * @param permission bit 0 read, bit 1 write; only means something where the type has access
 * @param type what is said about the translation
 */
public record IotlbEntry(long iova, long size, long userAddress, int permission, Type type) {
  static final int BYTES = 32;
  private static final int PADDING = 6;
  private static final int U8 = 0xff;

  /** What an IOTLB message says. */
  public enum Type {
    /** The back-end misses a translation. */
    MISS(1),
    /** A translation is valid from now on. */
    UPDATE(2),
    /** A translation is no longer valid. */
    INVALIDATE(3),
    /** An access by the back-end failed. */
    ACCESS_FAIL(4);

    private static final Type[] BY_CODE = values();

    private final int code;

    Type(int code) {
      this.code = code;
    }

    static @Nullable Type of(int code) {
      return code >= 1 && code <= BY_CODE.length ? BY_CODE[code - 1] : null;
    }

    int code() {
      return code;
    }
  }

  static IotlbEntry decode(ByteBuffer from) throws ProtocolException {
    long iova = from.getLong();
    long size = from.getLong();
    long userAddress = from.getLong();
    int permission = from.get() & U8;
    int code = from.get() & U8;
    from.position(from.position() + PADDING);
    Type type = Type.of(code);
    if (type == null) {
      throw WireCheck.value("IOTLB_MSG", "type", Integer.toString(code), "1 to 4");
    }
    return new IotlbEntry(iova, size, userAddress, permission, type);
  }

  void encode(ByteBuffer to) {
    to.putLong(iova).putLong(size).putLong(userAddress);
    to.put((byte) permission).put((byte) type.code());
    to.putShort((short) 0).putInt(0);
  }
}
