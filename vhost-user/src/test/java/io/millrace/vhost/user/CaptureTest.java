package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Sessions of a real QEMU with a real qemu-storage-daemon: every message decodes, with the
 * descriptors it really carried, and encodes to the very bytes. Neither end is ours, so both ends
 * of ours cannot share a mistake.
 */
class CaptureTest {
  private static final Path CAPTURES =
      Path.of("src/test/resources/io/millrace/vhost/user/captures");

  @TestFactory
  Stream<DynamicTest> everyMessageDecodesAndEncodesToTheSameBytes() throws IOException {
    try (Stream<Path> files = Files.list(CAPTURES)) {
      List<Path> captures = files.filter(f -> f.toString().endsWith(".txt")).sorted().toList();
      assertThat(captures).isNotEmpty();
      return captures.stream().flatMap(CaptureTest::tests);
    }
  }

  private static Stream<DynamicTest> tests(Path capture) {
    try {
      List<String> lines =
          Files.readAllLines(capture).stream()
              .filter(line -> line.startsWith("> ") || line.startsWith("< "))
              .toList();
      return lines.stream()
          .distinct()
          .map(line -> DynamicTest.dynamicTest(name(capture, line), () -> check(line)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String name(Path capture, String line) {
    return capture.getFileName() + " " + line.substring(0, Math.min(40, line.length()));
  }

  private static void check(String line) throws ProtocolException {
    String[] words = line.split(" ", -1);
    int descriptors = Integer.parseInt(words[1].substring("fds=".length()));
    ByteBuffer wire =
        ByteBuffer.wrap(HexFormat.of().parseHex(words[2])).order(ByteOrder.LITTLE_ENDIAN);
    MessageHeader header = MessageHeader.decode(wire);

    ByteBuffer again =
        words[0].equals(">") ? request(header, wire, descriptors) : reply(header, wire);

    assertThat(ByteString.take(again, again.remaining())).hasToString(words[2]);
  }

  private static ByteBuffer request(MessageHeader header, ByteBuffer payload, int descriptors)
      throws ProtocolException {
    FrontendMessage message = FrontendMessageCodec.decode(header, payload, descriptors);
    return FrontendMessageCodec.encode(message, header.needsReply());
  }

  private static ByteBuffer reply(MessageHeader header, ByteBuffer payload)
      throws ProtocolException {
    Reply reply = ReplyCodec.decode(FrontendRequest.of(header.request()), header, payload);
    return ReplyCodec.encode(header.request(), reply);
  }
}
