package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Whatever arrives is a message that means the same when sent on, or one line about it. */
class MessageCodecFuzzTest {
  /** Seeds: one byte for the number of descriptors, then header and payload. */
  @FuzzTest
  void anyBytesAreAMessageOrALine(byte[] input) {
    if (input.length < 1 + MessageHeader.BYTES) {
      return;
    }
    ByteBuffer wire = ByteBuffer.wrap(input).order(ByteOrder.nativeOrder());
    int descriptors = wire.get() & 0xf;
    MessageHeader header = MessageHeader.decode(wire);

    frontend(header, wire.duplicate().order(wire.order()), descriptors);
    backend(header, wire.duplicate().order(wire.order()), descriptors);
    reply(header, wire);
  }

  private static void frontend(MessageHeader header, ByteBuffer payload, int descriptors) {
    try {
      FrontendMessage message = FrontendMessageCodec.decode(header, payload, descriptors);
      assertThat(payload.hasRemaining()).isFalse();
      ByteBuffer again = FrontendMessageCodec.encode(message, header.needsReply());
      MessageHeader sent = MessageHeader.decode(again);
      assertThat(FrontendMessageCodec.decode(sent, again, descriptors)).isEqualTo(message);
    } catch (ProtocolException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  private static void backend(MessageHeader header, ByteBuffer payload, int descriptors) {
    try {
      BackendMessage message = BackendMessageCodec.decode(header, payload, descriptors);
      assertThat(payload.hasRemaining()).isFalse();
      ByteBuffer again = BackendMessageCodec.encode(message, header.needsReply());
      MessageHeader sent = MessageHeader.decode(again);
      assertThat(BackendMessageCodec.decode(sent, again, descriptors)).isEqualTo(message);
    } catch (ProtocolException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }

  private static void reply(MessageHeader header, ByteBuffer payload) {
    FrontendRequest request = FrontendRequest.of(header.request());
    if (request == null) {
      return;
    }
    try {
      Reply reply = ReplyCodec.decode(request, header, payload);
      ByteBuffer again = ReplyCodec.encode(request.code(), reply);
      MessageHeader sent = MessageHeader.decode(again);
      assertThat(ReplyCodec.decode(request, sent, again)).isEqualTo(reply);
    } catch (ProtocolException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
  }
}
