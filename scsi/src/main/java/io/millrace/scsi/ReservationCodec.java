package io.millrace.scsi;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Registrations and reservation of a logical unit as bytes, to be stored, big-endian: version (1),
 * type (1, 0 for no reservation), index of the holder (2, FFFFh for none), number of registrations
 * (2); of each, in their order: initiator (8), key (8), length of the target port's name (2), name
 * in UTF-8; CRC32C of all (4). Without RESERVE of SPC-2 and PRGENERATION, which a power loss ends.
 */
final class ReservationCodec {
  private static final byte VERSION = 1;
  private static final int HEADER_BYTES = 6;
  private static final int ENTRY_BYTES = 18; // and the name
  private static final int CRC_BYTES = 4;
  private static final int NO_HOLDER = 0xffff;
  private static final int MOST_BYTES = 1 << 20;

  private ReservationCodec() {}

  static byte[] encode(ReservationState state) {
    List<NexusName> nexuses = List.copyOf(state.keys().keySet());
    int bytes = HEADER_BYTES + CRC_BYTES;
    for (NexusName each : nexuses) {
      bytes += ENTRY_BYTES + name(each).length;
    }
    ReservationType type = state.type();
    NexusName holder = state.holder();
    ByteBuffer into = ByteBuffer.allocate(bytes);
    into.put(VERSION).put((byte) (type == null ? 0 : type.code));
    into.putShort((short) (holder == null ? NO_HOLDER : nexuses.indexOf(holder)));
    into.putShort((short) nexuses.size());
    state
        .keys()
        .forEach((nexus, key) -> {
          byte[] name = name(nexus);
          into.putLong(nexus.initiator()).putLong(key).putShort((short) name.length).put(name);
        });
    into.putInt(crc(into.array(), into.position()));
    return into.array();
  }

  private static byte[] name(NexusName nexus) {
    return nexus.targetPort().getBytes(StandardCharsets.UTF_8);
  }

  /** What was encoded, or null for bytes that never were. */
  static @Nullable ReservationState decode(byte[] bytes) {
    int body = bytes.length - CRC_BYTES;
    if (body < HEADER_BYTES
        || bytes.length > MOST_BYTES
        || bytes[0] != VERSION
        || ByteBuffer.wrap(bytes).getInt(body) != crc(bytes, body)) {
      return null;
    }
    try {
      ReservationState state = decode(ByteBuffer.wrap(bytes, 0, body));
      return state != null && Arrays.equals(encode(state), bytes) ? state : null;
    } catch (BufferUnderflowException e) {
      return null;
    }
  }

  private static @Nullable ReservationState decode(ByteBuffer from) {
    from.get();
    int code = from.get();
    ReservationType type = ReservationType.of(code);
    int holderAt = from.getShort() & 0xffff;
    int count = from.getShort() & 0xffff;
    Map<NexusName, Long> keys = new LinkedHashMap<>();
    List<NexusName> nexuses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long initiator = from.getLong();
      long key = from.getLong();
      byte[] name = new byte[from.getShort() & 0xffff];
      from.get(name);
      NexusName nexus = new NexusName(initiator, new String(name, StandardCharsets.UTF_8));
      nexuses.add(nexus);
      if (key == 0 || keys.put(nexus, key) != null) {
        return null;
      }
    }
    boolean isHeldByOne = type != null && !type.isAllRegistrants();
    if (count > ReservationState.MAX_REGISTRATIONS
        || (type == null && code != 0)
        || (type != null && count == 0)
        || isHeldByOne != (holderAt < count)) {
      return null;
    }
    NexusName holder = isHeldByOne ? nexuses.get(holderAt) : null;
    return new ReservationState(keys, type, holder, null, 0, true);
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
