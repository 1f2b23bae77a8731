package io.millrace.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendRequest;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.ReplyCodec;
import io.millrace.vhost.user.VringState;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A back-end that answers what it should not: one line, and nothing left open. */
class HostileBackendTest {
  private static final FrontendOptions PLAIN =
      FrontendOptions.defaults().withProtocolFeatures(Set.of()).withTimeout(Duration.ofMillis(500));

  @TempDir Path directory;

  private Set<String> openBefore;
  private Path path;
  private ServerSocketChannel server;

  /** Both socket libraries keep a socket for themselves from their first use on. */
  @BeforeAll
  static void loadWhateverStaysOpen(@TempDir Path once) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(once.resolve("once.sock"));
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(address);
      SocketChannel.open(address).close();
      listening.accept().close();
      assertThatThrownBy(() -> Frontend.connect(address.getPath(), PLAIN).close())
          .isInstanceOf(InitiatorException.class);
    }
  }

  @BeforeEach
  void listen() throws IOException {
    openBefore = sockets();
    path = directory.resolve("backend.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
  }

  @AfterEach
  void nothingStaysOpen() throws IOException {
    server.close();

    assertThat(sockets()).isEqualTo(openBefore);
  }

  @Test
  void backendThatSaysNothingIsGivenUp() throws Exception {
    assertFails(Kind.UNREACHABLE, "no answer: no complete message within 500 ms");
  }

  @Test
  void backendThatHangsUpIsTold() throws Exception {
    Thread backend = answer(new byte[0], true);

    assertFails(Kind.CLOSED, "the back-end closed the connection");
    backend.join();
  }

  @Test
  void replyToSomethingElseIsRefused() throws Exception {
    Thread backend = answer(reply(FrontendRequest.GET_QUEUE_NUM, new Reply.Word(1)), false);

    assertFails(Kind.PROTOCOL, "reply to GET_FEATURES has request code 17, expected 1");
    backend.join();
  }

  @Test
  void replyOfTheWrongShapeIsRefused() throws Exception {
    Reply.Vring wrong = new Reply.Vring(new VringState(0, 0));
    byte[] bytes = reply(FrontendRequest.GET_FEATURES, wrong);
    bytes[8] = 4; // half of it is announced
    Thread backend = answer(java.util.Arrays.copyOf(bytes, 16), false);

    assertFails(Kind.PROTOCOL, "reply to GET_FEATURES has a payload of 4 bytes, expected 8");
    backend.join();
  }

  @Test
  void replyThatAnnouncesGigabytesIsRefused() throws Exception {
    byte[] bytes = reply(FrontendRequest.GET_FEATURES, Reply.Word.OK);
    ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putInt(8, Integer.MAX_VALUE);
    Thread backend = answer(bytes, false);

    assertFails(Kind.PROTOCOL, "announces a payload of 2147483647 bytes, expected at most 4096");
    backend.join();
  }

  @Test
  void replyCutOffIsRefused() throws Exception {
    byte[] bytes = reply(FrontendRequest.GET_FEATURES, Reply.Word.OK);
    Thread backend = answer(java.util.Arrays.copyOf(bytes, 15), true);

    assertFails(Kind.PROTOCOL, "the connection ended after 3 of 8 payload bytes of request 1");
    backend.join();
  }

  @Test
  void configurationThatIsRefusedIsTold() throws Exception {
    Thread backend =
        answer(
            concat(
                reply(FrontendRequest.GET_FEATURES, Reply.Word.OK),
                reply(FrontendRequest.GET_CONFIG, new Reply.Empty())),
            false);

    try (Frontend frontend = Frontend.connect(path, PLAIN)) {
      assertThatThrownBy(() -> frontend.getConfig(0, 60))
          .isInstanceOf(InitiatorException.class)
          .hasMessage(path + ": the back-end gave no configuration of 60 bytes: Empty[]");
    }
    backend.join();
  }

  @Test
  void anythingAtAllCanBeSent() throws Exception {
    Thread backend = answer(reply(FrontendRequest.GET_FEATURES, new Reply.Word(7)), false);
    try (Frontend frontend = Frontend.connect(path, PLAIN)) {
      assertThat(frontend.offeredFeatures()).isEqualTo(7);
      assertThat(frontend.maxQueues()).isEqualTo(1);

      frontend.connection().sendBytes(ByteString.zeros(3).asBuffer(), java.util.List.of());
      frontend.connection().send(new FrontendMessage.SetStatus(1), true, java.util.List.of());
    }
    backend.join();
  }

  private void assertFails(Kind kind, String part) {
    assertThatThrownBy(() -> Frontend.connect(path, PLAIN).close())
        .isInstanceOfSatisfying(InitiatorException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageStartingWith(path + ": ")
        .hasMessageContaining(part);
  }

  /** Answers the first front-end with these bytes, then waits for it to go, or goes first. */
  private Thread answer(byte[] bytes, boolean hangUp) {
    return Thread.ofPlatform()
        .start(() -> {
          try (SocketChannel connection = server.accept()) {
            connection.read(ByteBuffer.allocate(12));
            connection.write(ByteBuffer.wrap(bytes));
            ByteBuffer rest = ByteBuffer.allocate(4096);
            while (!hangUp && connection.read(rest.clear()) >= 0) {
              rest.clear();
            }
          } catch (IOException e) {
            // The front-end may go before it has read everything.
            assertThat(e.getMessage()).containsAnyOf("reset", "Broken pipe");
          }
        });
  }

  private static byte[] reply(FrontendRequest request, Reply reply) {
    ByteBuffer wire = ReplyCodec.encode(request.code(), reply);
    byte[] bytes = new byte[wire.remaining()];
    wire.get(bytes);
    return bytes;
  }

  private static byte[] concat(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  private static Set<String> sockets() throws IOException {
    try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
      return links
          .map(HostileBackendTest::target)
          .filter(name -> name.contains("socket:") || name.contains("eventfd"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static String target(Path link) {
    try {
      return link.getFileName() + " " + Files.readSymbolicLink(link);
    } catch (IOException e) {
      return "";
    }
  }
}
