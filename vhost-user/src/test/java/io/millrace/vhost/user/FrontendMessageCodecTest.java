package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrontendMessageCodecTest {
  private static final MemoryRegion REGION = new MemoryRegion(0, 4096, 0x7000_0000L, 0);

  @Property(tries = 2000)
  void decodedBytesAreTheMessageThatWasEncoded(
      @ForAll("messages") FrontendMessage message, @ForAll boolean needReply) throws Exception {
    ByteBuffer wire = FrontendMessageCodec.encode(message, needReply);

    MessageHeader header = MessageHeader.decode(wire);
    FrontendMessage decoded = FrontendMessageCodec.decode(header, wire, message.minDescriptors());

    assertThat(decoded).isEqualTo(message);
    assertThat(header.needsReply()).isEqualTo(needReply);
    assertThat(wire.hasRemaining()).isFalse();
  }

  @Property(tries = 2000)
  void anyBytesAreAMessageOrOneLineThatNamesThem(
      @ForAll int code, @ForAll byte[] payload, @ForAll int descriptors) {
    MessageHeader header = MessageHeader.request(code & 0x3f, payload.length, false);

    try {
      FrontendMessage message =
          FrontendMessageCodec.decode(header, buffer(payload), descriptors & 0xf);
      assertThat(message.request().code()).isEqualTo(code & 0x3f);
    } catch (ProtocolException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  @ParameterizedTest
  @EnumSource(FrontendRequest.class)
  void everyRequestHasACodeThatFindsIt(FrontendRequest request) {
    assertThat(FrontendRequest.of(request.code())).isSameAs(request);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 46, 1000, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void codesOutsideTheProtocolAreRefused(int code) {
    assertRefused(
        Kind.UNKNOWN_REQUEST, new MessageHeader(code, MessageHeader.VERSION, 0), new byte[0], 0);
  }

  @Test
  void payloadOneByteShortOrLongIsRefused() {
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_FEATURES, new byte[7], 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_FEATURES, new byte[9], 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.GET_FEATURES, new byte[1], 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_VRING_ADDR, new byte[39], 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_INFLIGHT_FD, new byte[22], 1);
  }

  @Test
  void headerAndPayloadThatDisagreeAreRefused() {
    MessageHeader header = MessageHeader.request(FrontendRequest.SET_FEATURES.code(), 16, false);

    assertRefused(Kind.BAD_SIZE, header, new byte[8], 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 5})
  void wrongVersionOrAReplyIsRefused(int flags) {
    MessageHeader header = new MessageHeader(FrontendRequest.SET_OWNER.code(), flags, 0);

    assertRefused(Kind.BAD_HEADER, header, new byte[0], 0);
  }

  @Test
  void memoryTableHasAsManyDescriptorsAsRegions() throws Exception {
    ByteBuffer two = payload(new FrontendMessage.SetMemTable(List.of(REGION, REGION)));

    assertThat(decode(FrontendRequest.SET_MEM_TABLE, two.duplicate().order(two.order()), 2))
        .isInstanceOf(FrontendMessage.SetMemTable.class);
    assertRefused(Kind.BAD_DESCRIPTORS, FrontendRequest.SET_MEM_TABLE, bytes(two), 1);
    assertRefused(Kind.BAD_DESCRIPTORS, FrontendRequest.SET_MEM_TABLE, bytes(two), 3);
  }

  @Test
  void memoryTableThatLiesAboutItsLengthIsRefused() {
    ByteBuffer table = payload(new FrontendMessage.SetMemTable(List.of(REGION, REGION)));

    for (int count : new int[] {0, 1, 3, 9, -1, Integer.MAX_VALUE}) {
      byte[] bytes = bytes(table);
      ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(0, count);
      assertThatThrownBy(() -> decode(FrontendRequest.SET_MEM_TABLE, buffer(bytes), 2))
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void nineRegionsAreTooMany() {
    byte[] nine = new byte[8 + 9 * 32];
    buffer(nine).putInt(0, 9);

    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_MEM_TABLE, nine, 9);
    assertThatThrownBy(() -> new FrontendMessage.SetMemTable(Collections.nCopies(9, REGION)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void kickWithoutItsDescriptorOrWithOneTooManyIsRefused() {
    byte[] with = word(3);
    byte[] without = word(3 | 1 << 8);

    assertRefused(Kind.BAD_DESCRIPTORS, FrontendRequest.SET_VRING_KICK, with, 0);
    assertRefused(Kind.BAD_DESCRIPTORS, FrontendRequest.SET_VRING_KICK, with, 2);
    assertRefused(Kind.BAD_DESCRIPTORS, FrontendRequest.SET_VRING_CALL, without, 1);
    assertRefused(Kind.BAD_VALUE, FrontendRequest.SET_VRING_KICK, word(1 << 9), 1);
  }

  @Test
  void vringIndexBeyondEightBitsIsRefused() throws Exception {
    assertThat(decode(FrontendRequest.SET_VRING_NUM, buffer(state(255, 128)), 0))
        .isEqualTo(new VringMessage.SetVringNum(255, 128));
    assertRefused(Kind.BAD_VALUE, FrontendRequest.SET_VRING_NUM, state(256, 128), 0);
    assertRefused(Kind.BAD_VALUE, FrontendRequest.SET_VRING_NUM, state(-1, 128), 0);
    assertRefused(Kind.BAD_VALUE, FrontendRequest.SET_VRING_NUM, state(0, -1), 0);
    assertRefused(Kind.BAD_VALUE, FrontendRequest.SET_VRING_ENABLE, state(0, 2), 0);
  }

  @Test
  void configurationOutsideItsSpaceIsRefused() throws Exception {
    assertThat(decode(FrontendRequest.GET_CONFIG, buffer(config(0, 256, 256)), 0))
        .isEqualTo(new FrontendMessage.GetConfig(new ConfigAccess(0, 0, ByteString.zeros(256))));
    assertRefused(Kind.BAD_VALUE, FrontendRequest.GET_CONFIG, config(1, 256, 256), 0);
    assertRefused(Kind.BAD_VALUE, FrontendRequest.GET_CONFIG, config(-1, 4, 4), 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.GET_CONFIG, config(0, 257, 257), 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_CONFIG, config(0, 5, 4), 0);
    assertRefused(Kind.BAD_SIZE, FrontendRequest.SET_CONFIG, config(0, -1, 4), 0);
  }

  @Test
  void inflightDescriptionIsReadWithAndWithoutPadding() throws Exception {
    ByteBuffer padded = payload(new FrontendMessage.SetInflightFd(new InflightArea(64, 0, 1, 128)));

    byte[] short20 = new byte[20];
    padded.duplicate().get(short20);

    assertThat(decode(FrontendRequest.SET_INFLIGHT_FD, buffer(short20), 1))
        .isEqualTo(decode(FrontendRequest.SET_INFLIGHT_FD, padded, 1));
  }

  @Test
  void iotlbPaddingOfQemuIsNotLookedAt() throws Exception {
    byte[] entry = new byte[32];
    entry[25] = 3; // invalidate
    entry[24] = (byte) 0xaa; // left uninitialised
    entry[31] = (byte) 0x55;

    assertThat(decode(FrontendRequest.IOTLB_MSG, buffer(entry), 0))
        .isEqualTo(
            new FrontendMessage.Iotlb(new IotlbEntry(0, 0, 0, 0xaa, IotlbEntry.Type.INVALIDATE)));
    entry[25] = 5;
    assertRefused(Kind.BAD_VALUE, FrontendRequest.IOTLB_MSG, entry, 0);
  }

  private static void assertRefused(
      Kind kind, FrontendRequest request, byte[] payload, int descriptors) {
    MessageHeader header = MessageHeader.request(request.code(), payload.length, false);
    assertThatThrownBy(() -> FrontendMessageCodec.decode(header, buffer(payload), descriptors))
        .isInstanceOfSatisfying(
            ProtocolException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
        .hasMessageContaining(request.name());
  }

  private static void assertRefused(
      Kind kind, MessageHeader header, byte[] payload, int descriptors) {
    assertThatThrownBy(() -> FrontendMessageCodec.decode(header, buffer(payload), descriptors))
        .isInstanceOfSatisfying(
            ProtocolException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
  }

  private static FrontendMessage decode(
      FrontendRequest request, ByteBuffer payload, int descriptors) throws ProtocolException {
    return FrontendMessageCodec.decode(
        MessageHeader.request(request.code(), payload.remaining(), false), payload, descriptors);
  }

  private static ByteBuffer payload(FrontendMessage message) {
    ByteBuffer wire = FrontendMessageCodec.encode(message, false);
    return wire.position(MessageHeader.BYTES).slice().order(wire.order());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  private static byte[] word(long value) {
    byte[] bytes = new byte[8];
    buffer(bytes).putLong(value);
    return bytes;
  }

  private static byte[] state(int index, int number) {
    byte[] bytes = new byte[8];
    buffer(bytes).putInt(index).putInt(number);
    return bytes;
  }

  private static byte[] config(int offset, int size, int dataBytes) {
    byte[] bytes = new byte[12 + dataBytes];
    buffer(bytes).putInt(offset).putInt(size);
    return bytes;
  }

  @Provide
  Arbitrary<FrontendMessage> messages() {
    return Arbitraries.oneOf(bare(), words(), rings(), others());
  }

  private static Arbitrary<FrontendMessage> bare() {
    return Arbitraries.of(
        new FrontendMessage.GetFeatures(),
        new FrontendMessage.SetOwner(),
        new FrontendMessage.ResetOwner(),
        new FrontendMessage.SetLogFd(),
        new FrontendMessage.GetProtocolFeatures(),
        new FrontendMessage.GetQueueNum(),
        new FrontendMessage.SetBackendReqFd(),
        new FrontendMessage.PostcopyAdvise(),
        new FrontendMessage.PostcopyListen(),
        new FrontendMessage.PostcopyEnd(),
        new FrontendMessage.GpuSetSocket(),
        new FrontendMessage.ResetDevice(),
        new FrontendMessage.GetMaxMemSlots(),
        new FrontendMessage.GetStatus(),
        new FrontendMessage.CheckDeviceState(),
        new FrontendMessage.GetShmemConfig());
  }

  private static Arbitrary<FrontendMessage> words() {
    Arbitrary<Long> any = Arbitraries.longs();
    return Arbitraries.oneOf(
        any.map(FrontendMessage.SetFeatures::new),
        any.map(FrontendMessage.SetProtocolFeatures::new),
        any.map(FrontendMessage.SendRarp::new),
        any.map(FrontendMessage.NetSetMtu::new),
        any.map(FrontendMessage.CloseCryptoSession::new),
        any.map(FrontendMessage.SetStatus::new));
  }

  private static Arbitrary<FrontendMessage> rings() {
    Arbitrary<Integer> index = Arbitraries.integers().between(0, Limits.MAX_VRING_INDEX);
    Arbitrary<Boolean> flag = Arbitraries.of(true, false);
    Arbitrary<Integer> any = Arbitraries.integers();
    Arbitrary<Long> address = Arbitraries.longs();
    return Arbitraries.oneOf(
        Combinators.combine(index, any.filter(n -> n >= 0)).as(VringMessage.SetVringNum::new),
        Combinators.combine(index, any).as(VringMessage.SetVringBase::new),
        index.map(VringMessage.GetVringBase::new),
        Combinators.combine(index, flag).as(VringMessage.SetVringEnable::new),
        Combinators.combine(index, flag).as(VringMessage.SetVringEndian::new),
        index.map(VringMessage.VringKick::new),
        index.map(VringMessage.GetVringBaseSkipDrain::new),
        Combinators.combine(index, flag).as(VringMessage.SetVringKick::new),
        Combinators.combine(index, flag).as(VringMessage.SetVringCall::new),
        Combinators.combine(index, flag).as(VringMessage.SetVringErr::new),
        Combinators.combine(index, any, address, address, address, address)
            .as(VringAddress::new)
            .map(VringMessage.SetVringAddr::new));
  }

  private static Arbitrary<FrontendMessage> others() {
    Arbitrary<Long> any = Arbitraries.longs();
    Arbitrary<Integer> u16 = Arbitraries.integers().between(0, 0xffff);
    Arbitrary<MemoryRegion> region = Combinators.combine(any, any, any, any).as(MemoryRegion::new);
    Arbitrary<InflightArea> inflight =
        Combinators.combine(any, any, u16, u16).as(InflightArea::new);
    Arbitrary<ConfigAccess> config =
        Combinators.combine(
                Arbitraries.integers().between(0, 128), Arbitraries.integers(), byteStrings(0, 128))
            .as(ConfigAccess::new);
    return Arbitraries.oneOf(
        region.list().ofMaxSize(8).map(FrontendMessage.SetMemTable::new),
        Combinators.combine(any, any).as(LogArea::new).map(FrontendMessage.SetLogBase::new),
        Combinators.combine(
                any,
                any,
                any,
                Arbitraries.integers().between(0, 255),
                Arbitraries.of(IotlbEntry.Type.class))
            .as(IotlbEntry::new)
            .map(FrontendMessage.Iotlb::new),
        config.map(FrontendMessage.GetConfig::new),
        config.map(FrontendMessage.SetConfig::new),
        byteStrings(0, 512).map(FrontendMessage.CreateCryptoSession::new),
        inflight.map(FrontendMessage.GetInflightFd::new),
        inflight.map(FrontendMessage.SetInflightFd::new),
        region.map(FrontendMessage.AddMemReg::new),
        region.map(FrontendMessage.RemMemReg::new),
        byteStrings(16, 16).map(FrontendMessage.GetSharedObject::new),
        Combinators.combine(Arbitraries.integers(), Arbitraries.integers())
            .as(FrontendMessage.SetDeviceStateFd::new));
  }

  private static Arbitrary<ByteString> byteStrings(int min, int max) {
    return Arbitraries.bytes()
        .array(byte[].class)
        .ofMinSize(min)
        .ofMaxSize(max)
        .map(ByteString::of);
  }
}
