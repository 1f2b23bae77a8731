package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * UUIDs made of the base's (version 5, RFC 9562 §5.5) as SPDK makes them, so that a disk keeps its
 * UUID over restarts and over a change from SPDK. Control thread.
 */
final class NameUuid {
  private static final int VERSION = 5;

  /** SPDK's namespace of bdevs that are a part of another, error bdevs among them. */
  private static final UUID PARTS = UUID.fromString("976b899e-3e1e-4d71-ab69-c2b08e9df8b8");

  private NameUuid() {}

  /** Of a namespace and the base. */
  static UUID of(UUID namespace, Bdev base) {
    return of(namespace, bytes(base.properties().uuid()).array());
  }

  /** Of the base and a range of its blocks. */
  static UUID ofPart(Bdev base, long offsetBlocks, long blockCount) {
    ByteBuffer name = ByteBuffer.allocate(4 * Long.BYTES);
    name.put(bytes(base.properties().uuid()));
    name.order(ByteOrder.LITTLE_ENDIAN).putLong(offsetBlocks).putLong(blockCount);
    return of(PARTS, name.array());
  }

  private static UUID of(UUID namespace, byte[] name) {
    MessageDigest sha1 = sha1();
    sha1.update(bytes(namespace));
    ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name));
    long high = (hash.getLong() & ~0xf000L) | (VERSION << 12);
    long low = (hash.getLong() & ~(3L << 62)) | (2L << 62);
    return new UUID(high, low);
  }

  private static ByteBuffer bytes(UUID uuid) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits())
        .flip();
  }

  private static MessageDigest sha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }
}
