package io.millrace.vhost.user;

import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Replies of the back-end between bytes and records. Pure functions. */
public final class ReplyCodec {
  private ReplyCodec() {}

  /**
   * Decodes the reply to a request.
   *
   * @param request what was asked; the header must repeat it
   * @param header the reply's header
   * @param payload exactly the payload remains, in native byte order; consumed
   * @return the reply
   * @throws ProtocolException when this is no reply to that request
   */
  public static Reply decode(FrontendRequest request, MessageHeader header, ByteBuffer payload)
      throws ProtocolException {
    String name = "reply to " + request.name();
    if (header.request() != request.code()) {
      throw WireCheck.value(
          name,
          "request code",
          Integer.toUnsignedString(header.request()),
          Integer.toString(request.code()));
    }
    WireCheck.header(name, header, true);
    WireCheck.payload(name, header, payload.remaining());
    return switch (request) {
      case GET_VRING_BASE, GET_VRING_BASE_SKIP_DRAIN -> {
        WireCheck.size(name, payload.remaining(), VringState.BYTES, VringState.BYTES);
        yield new Reply.Vring(VringState.decode(name, payload));
      }
      case GET_CONFIG -> config(name, payload);
      case GET_INFLIGHT_FD -> new Reply.Inflight(InflightArea.decode(name, payload));
      case SET_MEM_TABLE -> payload.remaining() == 8 ? word(name, payload) : memory(name, payload);
      case ADD_MEM_REG -> payload.remaining() == 8 ? word(name, payload) : region(name, payload);
      case GET_SHMEM_CONFIG -> sharedMemory(name, payload);
      case CREATE_CRYPTO_SESSION, GET_SHARED_OBJECT ->
          new Reply.Opaque(ByteString.take(payload, payload.remaining()));
      case SET_LOG_BASE, POSTCOPY_ADVISE ->
          payload.hasRemaining() ? word(name, payload) : new Reply.Empty();
      default -> word(name, payload);
    };
  }

  private static Reply word(String name, ByteBuffer from) throws ProtocolException {
    WireCheck.size(name, from.remaining(), Long.BYTES, Long.BYTES);
    return new Reply.Word(from.getLong());
  }

  private static Reply config(String name, ByteBuffer from) throws ProtocolException {
    if (!from.hasRemaining()) {
      return new Reply.Empty();
    }
    int prefix = ConfigAccess.PREFIX_BYTES;
    WireCheck.size(name, from.remaining(), prefix, prefix + Limits.MAX_CONFIG_BYTES);
    return new Reply.Config(ConfigAccess.decode(name, from));
  }

  private static Reply memory(String name, ByteBuffer from) throws ProtocolException {
    int most = 8 + Limits.MAX_TABLE_REGIONS * MemoryRegion.BYTES;
    WireCheck.size(name, from.remaining(), 8, most);
    int count = from.getInt();
    from.getInt(); // padding
    if (count < 0 || (long) count * MemoryRegion.BYTES != from.remaining()) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s says %s regions and has %d bytes of them"
              .formatted(name, Integer.toUnsignedString(count), from.remaining()));
    }
    List<MemoryRegion> regions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      regions.add(MemoryRegion.decode(from));
    }
    return new Reply.Memory(regions);
  }

  private static Reply region(String name, ByteBuffer from) throws ProtocolException {
    int bytes = 8 + MemoryRegion.BYTES;
    WireCheck.size(name, from.remaining(), bytes, bytes);
    from.getLong(); // padding
    return new Reply.OneRegion(MemoryRegion.decode(from));
  }

  private static Reply sharedMemory(String name, ByteBuffer from) throws ProtocolException {
    int most = 8 + Limits.MAX_SHARED_MEMORY_REGIONS * Long.BYTES;
    WireCheck.size(name, from.remaining(), 8, most);
    int count = from.getInt();
    from.getInt(); // padding
    if (count < 0 || count > from.remaining() / Long.BYTES) {
      throw new ProtocolException(
          Kind.BAD_SIZE,
          "%s says %s regions and has %d bytes of sizes"
              .formatted(name, Integer.toUnsignedString(count), from.remaining()));
    }
    List<Long> sizes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sizes.add(from.getLong());
    }
    return new Reply.SharedMemory(sizes);
  }

  /**
   * Encodes a reply.
   *
   * @param requestCode code of the request that is answered
   * @param reply its payload
   * @return header and payload, ready to be read
   */
  public static ByteBuffer encode(int requestCode, Reply reply) {
    ByteBuffer payload =
        ByteBuffer.allocate(Limits.MAX_PAYLOAD_BYTES).order(ByteOrder.nativeOrder());
    switch (reply) {
      case Reply.Empty ignored -> {}
      case Reply.Word r -> payload.putLong(r.value());
      case Reply.Vring r -> r.state().encode(payload);
      case Reply.Config r -> r.access().encode(payload);
      case Reply.Inflight r -> r.area().encode(payload);
      case Reply.Memory r -> {
        payload.putInt(r.regions().size()).putInt(0);
        r.regions().forEach(region -> region.encode(payload));
      }
      case Reply.OneRegion r -> r.region().encode(payload.putLong(0));
      case Reply.SharedMemory r -> {
        payload.putInt(r.sizes().size()).putInt(0);
        r.sizes().forEach(payload::putLong);
      }
      case Reply.Opaque r -> r.payload().putInto(payload);
    }
    payload.flip();
    ByteBuffer to =
        ByteBuffer.allocate(MessageHeader.BYTES + payload.remaining())
            .order(ByteOrder.nativeOrder());
    MessageHeader.reply(requestCode, payload.remaining()).encode(to);
    return to.put(payload).flip();
  }
}
