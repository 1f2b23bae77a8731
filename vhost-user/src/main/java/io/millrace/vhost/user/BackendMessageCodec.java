package io.millrace.vhost.user;

import io.millrace.vhost.user.BackendMessage.ConfigChange;
import io.millrace.vhost.user.BackendMessage.HostNotifier;
import io.millrace.vhost.user.BackendMessage.Iotlb;
import io.millrace.vhost.user.BackendMessage.SharedObject;
import io.millrace.vhost.user.BackendMessage.ShmemMap;
import io.millrace.vhost.user.BackendMessage.ShmemUnmap;
import io.millrace.vhost.user.BackendMessage.VringCall;
import io.millrace.vhost.user.BackendMessage.VringErr;
import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Back-end messages between bytes and records, both directions. Pure functions. */
public final class BackendMessageCodec {
  private BackendMessageCodec() {}

  /**
   * Decodes one message.
   *
   * @param header its header
   * @param payload exactly the payload remains, in native byte order; consumed
   * @param descriptors how many file descriptors came along
   * @return the message
   * @throws ProtocolException when the bytes can be no valid message
   */
  public static BackendMessage decode(MessageHeader header, ByteBuffer payload, int descriptors)
      throws ProtocolException {
    BackendRequest request = BackendRequest.of(header.request());
    if (request == null) {
      throw new ProtocolException(
          Kind.UNKNOWN_REQUEST,
          "back-end request %s is unknown, expected 1 to %d"
              .formatted(
                  Integer.toUnsignedString(header.request()), BackendRequest.values().length));
    }
    String name = request.name();
    WireCheck.header(name, header, false);
    WireCheck.payload(name, header, payload.remaining());
    request.check(payload.remaining(), descriptors);
    return switch (request) {
      case IOTLB_MSG -> new Iotlb(IotlbEntry.decode(payload));
      case CONFIG_CHANGE_MSG -> new ConfigChange();
      case VRING_HOST_NOTIFIER_MSG ->
          new HostNotifier(payload.getLong(), payload.getLong(), payload.getLong());
      case VRING_CALL -> new VringCall(VringState.decode(name, payload).index());
      case VRING_ERR -> new VringErr(VringState.decode(name, payload).index());
      case SHARED_OBJECT_ADD, SHARED_OBJECT_REMOVE, SHARED_OBJECT_LOOKUP ->
          new SharedObject(request, ByteString.take(payload, payload.remaining()));
      case SHMEM_MAP -> new ShmemMap(SharedMapping.decode(payload));
      case SHMEM_UNMAP -> new ShmemUnmap(SharedMapping.decode(payload));
    };
  }

  /**
   * Encodes one message.
   *
   * @param message any
   * @param needReply whether to ask for an acknowledgement
   * @return header and payload, ready to be read
   */
  public static ByteBuffer encode(BackendMessage message, boolean needReply) {
    ByteBuffer payload = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
    switch (message) {
      case Iotlb m -> m.entry().encode(payload);
      case ConfigChange ignored -> {}
      case HostNotifier m -> payload.putLong(m.ring()).putLong(m.size()).putLong(m.offset());
      case VringCall m -> payload.putInt(m.index()).putInt(0);
      case VringErr m -> payload.putInt(m.index()).putInt(0);
      case SharedObject m -> m.uuid().putInto(payload);
      case ShmemMap m -> m.mapping().encode(payload);
      case ShmemUnmap m -> m.mapping().encode(payload);
    }
    payload.flip();
    ByteBuffer to =
        ByteBuffer.allocate(MessageHeader.BYTES + payload.remaining())
            .order(ByteOrder.nativeOrder());
    MessageHeader.request(message.request().code(), payload.remaining(), needReply).encode(to);
    return to.put(payload).flip();
  }
}
