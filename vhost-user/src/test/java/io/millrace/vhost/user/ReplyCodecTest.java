package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ReplyCodecTest {
  private static final MemoryRegion REGION = new MemoryRegion(1, 2, 3, 4);

  static Stream<Arguments> replies() {
    return Stream.of(
        Arguments.of(FrontendRequest.GET_FEATURES, new Reply.Word(-1)),
        Arguments.of(FrontendRequest.SET_MEM_TABLE, Reply.Word.FAILED),
        Arguments.of(FrontendRequest.SET_MEM_TABLE, new Reply.Memory(List.of(REGION, REGION))),
        Arguments.of(FrontendRequest.ADD_MEM_REG, Reply.Word.OK),
        Arguments.of(FrontendRequest.ADD_MEM_REG, new Reply.OneRegion(REGION)),
        Arguments.of(FrontendRequest.SET_LOG_BASE, new Reply.Empty()),
        Arguments.of(FrontendRequest.SET_LOG_BASE, Reply.Word.OK),
        Arguments.of(FrontendRequest.GET_VRING_BASE, new Reply.Vring(new VringState(3, 65535))),
        Arguments.of(
            FrontendRequest.GET_CONFIG,
            new Reply.Config(new ConfigAccess(0, 0, ByteString.zeros(256)))),
        Arguments.of(FrontendRequest.GET_CONFIG, new Reply.Empty()),
        Arguments.of(
            FrontendRequest.GET_INFLIGHT_FD, new Reply.Inflight(new InflightArea(1, 2, 3, 4))),
        Arguments.of(
            FrontendRequest.GET_SHMEM_CONFIG, new Reply.SharedMemory(List.of(1L, 0L, -1L))),
        Arguments.of(FrontendRequest.GET_SHARED_OBJECT, new Reply.Opaque(ByteString.zeros(16))));
  }

  @ParameterizedTest
  @MethodSource("replies")
  void decodedBytesAreTheReplyThatWasEncoded(FrontendRequest request, Reply reply)
      throws Exception {
    ByteBuffer wire = ReplyCodec.encode(request.code(), reply);

    MessageHeader header = MessageHeader.decode(wire);

    assertThat(header.flags()).isEqualTo(5);
    assertThat(ReplyCodec.decode(request, header, wire)).isEqualTo(reply);
  }

  @Test
  void replyToAnotherRequestIsRefused() {
    ByteBuffer wire = ReplyCodec.encode(FrontendRequest.GET_FEATURES.code(), Reply.Word.OK);
    MessageHeader header = MessageHeader.decode(wire);

    assertThatThrownBy(() -> ReplyCodec.decode(FrontendRequest.GET_QUEUE_NUM, header, wire))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("reply to GET_QUEUE_NUM has request code 1, expected 17");
  }

  @Test
  void replyOfTheWrongSizeIsRefused() {
    ByteBuffer wire = ReplyCodec.encode(FrontendRequest.GET_FEATURES.code(), new Reply.Empty());
    MessageHeader header = MessageHeader.decode(wire);

    assertThatThrownBy(() -> ReplyCodec.decode(FrontendRequest.GET_FEATURES, header, wire))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("reply to GET_FEATURES has a payload of 0 bytes, expected 8");
  }

  /** Or a table of no regions would be read, which sent on is a status. */
  @Test
  void bytesBehindTheRegionsOfATableAreRefused() {
    int request = FrontendRequest.SET_MEM_TABLE.code();
    MessageHeader header = MessageHeader.reply(request, 40);

    assertThatThrownBy(
            () -> ReplyCodec.decode(FrontendRequest.SET_MEM_TABLE, header, ByteBuffer.allocate(40)))
        .isInstanceOf(ProtocolException.class)
        .hasMessage("reply to SET_MEM_TABLE says 0 regions and has 32 bytes of them");
  }

  @Test
  void requestWhereAReplyIsDueIsRefused() {
    MessageHeader header = MessageHeader.request(FrontendRequest.GET_FEATURES.code(), 0, false);

    assertThatThrownBy(
            () -> ReplyCodec.decode(FrontendRequest.GET_FEATURES, header, ByteBuffer.allocate(0)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("the reply bit must be set");
  }
}
