package io.millrace.vhost.user;

import io.millrace.vhost.user.FrontendMessage.AddMemReg;
import io.millrace.vhost.user.FrontendMessage.Bare;
import io.millrace.vhost.user.FrontendMessage.CheckDeviceState;
import io.millrace.vhost.user.FrontendMessage.CloseCryptoSession;
import io.millrace.vhost.user.FrontendMessage.CreateCryptoSession;
import io.millrace.vhost.user.FrontendMessage.GetConfig;
import io.millrace.vhost.user.FrontendMessage.GetFeatures;
import io.millrace.vhost.user.FrontendMessage.GetInflightFd;
import io.millrace.vhost.user.FrontendMessage.GetMaxMemSlots;
import io.millrace.vhost.user.FrontendMessage.GetProtocolFeatures;
import io.millrace.vhost.user.FrontendMessage.GetQueueNum;
import io.millrace.vhost.user.FrontendMessage.GetSharedObject;
import io.millrace.vhost.user.FrontendMessage.GetShmemConfig;
import io.millrace.vhost.user.FrontendMessage.GetStatus;
import io.millrace.vhost.user.FrontendMessage.GpuSetSocket;
import io.millrace.vhost.user.FrontendMessage.Iotlb;
import io.millrace.vhost.user.FrontendMessage.NetSetMtu;
import io.millrace.vhost.user.FrontendMessage.PostcopyAdvise;
import io.millrace.vhost.user.FrontendMessage.PostcopyEnd;
import io.millrace.vhost.user.FrontendMessage.PostcopyListen;
import io.millrace.vhost.user.FrontendMessage.RemMemReg;
import io.millrace.vhost.user.FrontendMessage.ResetDevice;
import io.millrace.vhost.user.FrontendMessage.ResetOwner;
import io.millrace.vhost.user.FrontendMessage.SendRarp;
import io.millrace.vhost.user.FrontendMessage.SetBackendReqFd;
import io.millrace.vhost.user.FrontendMessage.SetConfig;
import io.millrace.vhost.user.FrontendMessage.SetDeviceStateFd;
import io.millrace.vhost.user.FrontendMessage.SetFeatures;
import io.millrace.vhost.user.FrontendMessage.SetInflightFd;
import io.millrace.vhost.user.FrontendMessage.SetLogBase;
import io.millrace.vhost.user.FrontendMessage.SetLogFd;
import io.millrace.vhost.user.FrontendMessage.SetMemTable;
import io.millrace.vhost.user.FrontendMessage.SetOwner;
import io.millrace.vhost.user.FrontendMessage.SetProtocolFeatures;
import io.millrace.vhost.user.FrontendMessage.SetStatus;
import io.millrace.vhost.user.FrontendMessage.Word;
import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Front-end messages between bytes and records, both directions. Pure functions; nothing here
 * touches a descriptor, only their number is checked.
 */
public final class FrontendMessageCodec {
  private static final long INDEX_MASK = 0xff;
  private static final long NO_DESCRIPTOR = 1 << 8;

  private FrontendMessageCodec() {}

  /**
   * Decodes one message.
   *
   * @param header its header
   * @param payload exactly the payload remains, in native byte order; consumed
   * @param descriptors how many file descriptors came along
   * @return the message
   * @throws ProtocolException when the bytes can be no valid message; the caller closes the
   *     descriptors
   */
  public static FrontendMessage decode(MessageHeader header, ByteBuffer payload, int descriptors)
      throws ProtocolException {
    FrontendRequest request = FrontendRequest.of(header.request());
    if (request == null) {
      throw new ProtocolException(
          Kind.UNKNOWN_REQUEST,
          "request %s is unknown (payload of %d bytes), expected 1 to %d"
              .formatted(
                  Integer.toUnsignedString(header.request()),
                  payload.remaining(),
                  FrontendRequest.values().length));
    }
    WireCheck.header(request.name(), header, false);
    WireCheck.payload(request.name(), header, payload.remaining());
    request.check(payload.remaining(), descriptors);
    FrontendMessage message = decode(request, payload);
    WireCheck.descriptors(
        request.name(), descriptors, message.minDescriptors(), message.maxDescriptors());
    return message;
  }

  private static FrontendMessage decode(FrontendRequest request, ByteBuffer from)
      throws ProtocolException {
    String name = request.name();
    return switch (request) {
      case GET_FEATURES -> new GetFeatures();
      case SET_FEATURES -> new SetFeatures(from.getLong());
      case SET_OWNER -> new SetOwner();
      case RESET_OWNER -> new ResetOwner();
      case SET_MEM_TABLE -> new SetMemTable(regions(name, from));
      case SET_LOG_BASE -> new SetLogBase(new LogArea(from.getLong(), from.getLong()));
      case SET_LOG_FD -> new SetLogFd();
      case SET_VRING_ADDR -> new VringMessage.SetVringAddr(VringAddress.decode(from));
      case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR -> vringDescriptor(request, from);
      case SET_VRING_NUM,
          SET_VRING_BASE,
          GET_VRING_BASE,
          SET_VRING_ENABLE,
          SET_VRING_ENDIAN,
          VRING_KICK,
          GET_VRING_BASE_SKIP_DRAIN ->
          vringState(request, VringState.decode(name, from));
      case GET_PROTOCOL_FEATURES -> new GetProtocolFeatures();
      case SET_PROTOCOL_FEATURES -> new SetProtocolFeatures(from.getLong());
      case GET_QUEUE_NUM -> new GetQueueNum();
      case SEND_RARP -> new SendRarp(from.getLong());
      case NET_SET_MTU -> new NetSetMtu(from.getLong());
      case SET_BACKEND_REQ_FD -> new SetBackendReqFd();
      case IOTLB_MSG -> new Iotlb(IotlbEntry.decode(from));
      case GET_CONFIG -> new GetConfig(ConfigAccess.decode(name, from));
      case SET_CONFIG -> new SetConfig(ConfigAccess.decode(name, from));
      case CREATE_CRYPTO_SESSION -> new CreateCryptoSession(rest(from));
      case CLOSE_CRYPTO_SESSION -> new CloseCryptoSession(from.getLong());
      case POSTCOPY_ADVISE -> new PostcopyAdvise();
      case POSTCOPY_LISTEN -> new PostcopyListen();
      case POSTCOPY_END -> new PostcopyEnd();
      case GET_INFLIGHT_FD -> new GetInflightFd(InflightArea.decode(name, from));
      case SET_INFLIGHT_FD -> new SetInflightFd(InflightArea.decode(name, from));
      case GPU_SET_SOCKET -> new GpuSetSocket();
      case RESET_DEVICE -> new ResetDevice();
      case GET_MAX_MEM_SLOTS -> new GetMaxMemSlots();
      case ADD_MEM_REG -> new AddMemReg(singleRegion(from));
      case REM_MEM_REG -> new RemMemReg(singleRegion(from));
      case SET_STATUS -> new SetStatus(from.getLong());
      case GET_STATUS -> new GetStatus();
      case GET_SHARED_OBJECT -> new GetSharedObject(rest(from));
      case SET_DEVICE_STATE_FD -> new SetDeviceStateFd(from.getInt(), from.getInt());
      case CHECK_DEVICE_STATE -> new CheckDeviceState();
      case GET_SHMEM_CONFIG -> new GetShmemConfig();
    };
  }

  private static FrontendMessage vringState(FrontendRequest request, VringState state)
      throws ProtocolException {
    String name = request.name();
    int index = state.index();
    return switch (request) {
      case SET_VRING_NUM -> {
        if (state.number() < 0) {
          throw WireCheck.value(
              name, "size", Integer.toUnsignedString(state.number()), "at most 2147483647");
        }
        yield new VringMessage.SetVringNum(index, state.number());
      }
      case SET_VRING_BASE -> new VringMessage.SetVringBase(index, state.number());
      case GET_VRING_BASE -> new VringMessage.GetVringBase(index);
      case SET_VRING_ENABLE -> new VringMessage.SetVringEnable(index, state.flag(name));
      case SET_VRING_ENDIAN -> new VringMessage.SetVringEndian(index, state.flag(name));
      case VRING_KICK -> new VringMessage.VringKick(index);
      case GET_VRING_BASE_SKIP_DRAIN -> new VringMessage.GetVringBaseSkipDrain(index);
      default -> throw new IllegalStateException(name);
    };
  }

  private static FrontendMessage vringDescriptor(FrontendRequest request, ByteBuffer from)
      throws ProtocolException {
    long word = from.getLong();
    if ((word & ~(INDEX_MASK | NO_DESCRIPTOR)) != 0) {
      throw WireCheck.value(
          request.name(), "vring index and flags", "0x" + Long.toHexString(word), "bits 0 to 8");
    }
    int index = (int) (word & INDEX_MASK);
    boolean withDescriptor = (word & NO_DESCRIPTOR) == 0;
    return switch (request) {
      case SET_VRING_KICK -> new VringMessage.SetVringKick(index, withDescriptor);
      case SET_VRING_CALL -> new VringMessage.SetVringCall(index, withDescriptor);
      case SET_VRING_ERR -> new VringMessage.SetVringErr(index, withDescriptor);
      default -> throw new IllegalStateException(request.name());
    };
  }

  private static List<MemoryRegion> regions(String name, ByteBuffer from) throws ProtocolException {
    int count = from.getInt();
    from.getInt(); // padding
    if (count < 0 || count > Limits.MAX_TABLE_REGIONS) {
      throw WireCheck.value(
          name,
          "region count",
          Integer.toUnsignedString(count),
          "at most " + Limits.MAX_TABLE_REGIONS);
    }
    int bytes = 8 + count * MemoryRegion.BYTES;
    WireCheck.size(name + " of " + count + " regions", 8 + from.remaining(), bytes, bytes);
    List<MemoryRegion> regions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      regions.add(MemoryRegion.decode(from));
    }
    return regions;
  }

  private static MemoryRegion singleRegion(ByteBuffer from) {
    from.getLong(); // padding
    return MemoryRegion.decode(from);
  }

  private static ByteString rest(ByteBuffer from) {
    return ByteString.take(from, from.remaining());
  }

  /**
   * Encodes one message.
   *
   * @param message any
   * @param needReply whether to ask for an acknowledgement
   * @return header and payload, ready to be read
   */
  public static ByteBuffer encode(FrontendMessage message, boolean needReply) {
    int size = payloadBytes(message);
    ByteBuffer to = ByteBuffer.allocate(MessageHeader.BYTES + size).order(ByteOrder.nativeOrder());
    MessageHeader.request(message.request().code(), size, needReply).encode(to);
    encodePayload(message, to);
    return to.flip();
  }

  private static int payloadBytes(FrontendMessage message) {
    return switch (message) {
      case Bare ignored -> 0;
      case Word ignored -> Long.BYTES;
      case VringMessage.OfState ignored -> VringState.BYTES;
      case VringMessage.OfDescriptor ignored -> Long.BYTES;
      case SetMemTable m -> 8 + m.regions().size() * MemoryRegion.BYTES;
      case SetLogBase ignored -> 16;
      case VringMessage.SetVringAddr ignored -> 40;
      case Iotlb ignored -> IotlbEntry.BYTES;
      case GetConfig m -> m.access().bytes();
      case SetConfig m -> m.access().bytes();
      case CreateCryptoSession m -> m.payload().length();
      case GetInflightFd ignored -> InflightArea.BYTES;
      case SetInflightFd ignored -> InflightArea.BYTES;
      case AddMemReg ignored -> 8 + MemoryRegion.BYTES;
      case RemMemReg ignored -> 8 + MemoryRegion.BYTES;
      case GetSharedObject m -> m.uuid().length();
      case SetDeviceStateFd ignored -> 8;
    };
  }

  private static void encodePayload(FrontendMessage message, ByteBuffer to) {
    switch (message) {
      case Bare ignored -> {}
      case Word m -> to.putLong(m.word());
      case VringMessage.OfState m -> to.putInt(m.index()).putInt(m.number());
      case VringMessage.OfDescriptor m ->
          to.putLong(m.index() | (m.withDescriptor() ? 0 : NO_DESCRIPTOR));
      case SetMemTable m -> {
        to.putInt(m.regions().size()).putInt(0);
        m.regions().forEach(region -> region.encode(to));
      }
      case SetLogBase m -> to.putLong(m.log().size()).putLong(m.log().offset());
      case VringMessage.SetVringAddr m -> m.address().encode(to);
      case Iotlb m -> m.entry().encode(to);
      case GetConfig m -> m.access().encode(to);
      case SetConfig m -> m.access().encode(to);
      case CreateCryptoSession m -> m.payload().putInto(to);
      case GetInflightFd m -> m.area().encode(to);
      case SetInflightFd m -> m.area().encode(to);
      case AddMemReg m -> m.region().encode(to.putLong(0));
      case RemMemReg m -> m.region().encode(to.putLong(0));
      case GetSharedObject m -> m.uuid().putInto(to);
      case SetDeviceStateFd m -> to.putInt(m.direction()).putInt(m.phase());
    }
  }
}
