package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.vhost.user.ProtocolException.Kind;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BackendMessageCodecTest {
  private static final SharedMapping MAPPING = new SharedMapping(255, 1, 2, 3, 1);

  static Stream<BackendMessage> messages() {
    return Stream.of(
        new BackendMessage.Iotlb(new IotlbEntry(1, 2, 3, 3, IotlbEntry.Type.MISS)),
        new BackendMessage.ConfigChange(),
        new BackendMessage.HostNotifier(1, 4096, 8192),
        new BackendMessage.VringCall(255),
        new BackendMessage.VringErr(0),
        new BackendMessage.SharedObject(BackendRequest.SHARED_OBJECT_ADD, ByteString.zeros(16)),
        new BackendMessage.SharedObject(BackendRequest.SHARED_OBJECT_REMOVE, ByteString.zeros(16)),
        new BackendMessage.SharedObject(BackendRequest.SHARED_OBJECT_LOOKUP, ByteString.zeros(16)),
        new BackendMessage.ShmemMap(MAPPING),
        new BackendMessage.ShmemUnmap(MAPPING));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void decodedBytesAreTheMessageThatWasEncoded(BackendMessage message) throws Exception {
    ByteBuffer wire = BackendMessageCodec.encode(message, true);

    MessageHeader header = MessageHeader.decode(wire);
    int descriptors = message instanceof BackendMessage.ShmemMap ? 1 : 0;

    assertThat(header.needsReply()).isTrue();
    assertThat(BackendMessageCodec.decode(header, wire, descriptors)).isEqualTo(message);
  }

  @Test
  void unknownCodeIsRefused() {
    assertThatThrownBy(() ->
            BackendMessageCodec.decode(
                MessageHeader.request(11, 0, false), ByteBuffer.allocate(0), 0))
        .isInstanceOfSatisfying(
            ProtocolException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNKNOWN_REQUEST));
  }

  @Test
  void mappingWithoutItsFileIsRefused() {
    ByteBuffer wire = BackendMessageCodec.encode(new BackendMessage.ShmemMap(MAPPING), false);
    MessageHeader header = MessageHeader.decode(wire);

    assertThatThrownBy(() -> BackendMessageCodec.decode(header, wire, 0))
        .hasMessage("SHMEM_MAP carries 0 file descriptors, expected 1");
  }
}
