package io.millrace.server.attack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Messages as bytes, from the numbers in vhost-user.rst, well-formed or not. */
final class Wire {
  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int SET_MEM_TABLE = 5;
  static final int SET_LOG_BASE = 6;
  static final int SET_VRING_NUM = 8;
  static final int SET_VRING_ADDR = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int GET_QUEUE_NUM = 17;
  static final int SET_VRING_ENABLE = 18;
  static final int SET_BACKEND_REQ_FD = 21;
  static final int GET_CONFIG = 24;
  static final int SET_CONFIG = 25;
  static final int GET_INFLIGHT_FD = 31;
  static final int SET_INFLIGHT_FD = 32;
  static final int ADD_MEM_REG = 37;
  static final int REM_MEM_REG = 38;

  /** One beyond the last request there is. */
  static final int END_OF_REQUESTS = 46;

  static final int HEADER_BYTES = 12;
  static final int VERSION = 1;
  static final int REPLY = 4;
  static final int NEED_REPLY = 8;

  static final long F_PROTOCOL_FEATURES = 1L << 30;
  static final long F_VERSION_1 = 1L << 32;
  static final long F_INDIRECT_DESC = 1L << 28;
  static final long F_RING_PACKED = 1L << 34;
  static final long F_BLK_DISCARD = 1L << 13;
  static final long F_BLK_WRITE_ZEROES = 1L << 14;

  static final long P_MQ = 1;
  static final long P_LOG_SHMFD = 1 << 1;
  static final long P_REPLY_ACK = 1 << 3;
  static final long P_BACKEND_REQ = 1 << 5;
  static final long P_CONFIG = 1 << 9;
  static final long P_INFLIGHT_SHMFD = 1 << 12;
  static final long P_CONFIGURE_MEM_SLOTS = 1 << 15;

  private Wire() {}

  /** A payload of these fields: Long is 8 bytes, Integer 4, Short 2, byte[] itself. */
  static byte[] payload(Object... fields) {
    ByteBuffer bytes = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    for (Object field : fields) {
      switch (field) {
        case Long value -> bytes.putLong(value);
        case Integer value -> bytes.putInt(value);
        case Short value -> bytes.putShort(value);
        case byte[] value -> bytes.put(value);
        default -> throw new IllegalArgumentException(field.toString());
      }
    }
    byte[] payload = new byte[bytes.position()];
    bytes.flip().get(payload);
    return payload;
  }

  /** A message that says what it is. */
  static ByteBuffer message(int request, int flags, Object... fields) {
    byte[] payload = payload(fields);
    return lying(request, VERSION | flags, payload.length, payload);
  }

  /** A message whose header says anything. */
  static ByteBuffer lying(int request, int flags, int announcedBytes, byte[] payload) {
    return ByteBuffer.allocate(HEADER_BYTES + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(request)
        .putInt(flags)
        .putInt(announcedBytes)
        .put(payload)
        .flip();
  }
}
