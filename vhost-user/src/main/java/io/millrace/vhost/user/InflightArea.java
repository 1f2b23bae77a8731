package io.millrace.vhost.user;

import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;

/**
 * The region that remembers requests in flight ("Inflight description"). QEMU and DPDK send the C
 * structure with its four bytes of padding, others leave them out: both are read, the padded form
 * is written.
 *
 * @param mmapSize bytes, unsigned
 * @param mmapOffset where it begins in its file, unsigned
 * @param queueCount number of queues, 0 to 65535
 * @param queueSize entries of a queue, 0 to 65535
 */
public record InflightArea(long mmapSize, long mmapOffset, int queueCount, int queueSize) {
  static final int BYTES = 24;
  private static final int UNPADDED_BYTES = 20;
  private static final int U16 = 0xffff;

  static InflightArea decode(String message, ByteBuffer from) throws ProtocolException {
    if (from.remaining() != BYTES && from.remaining() != UNPADDED_BYTES) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s has a payload of %d bytes, expected %d or %d"
              .formatted(message, from.remaining(), UNPADDED_BYTES, BYTES));
    }
    InflightArea area =
        new InflightArea(
            from.getLong(), from.getLong(), from.getShort() & U16, from.getShort() & U16);
    from.position(from.limit());
    return area;
  }

  void encode(ByteBuffer to) {
    to.putLong(mmapSize).putLong(mmapOffset);
    to.putShort((short) queueCount).putShort((short) queueSize).putInt(0);
  }
}
