package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.SocketPair;
import io.millrace.reactor.Reactor;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RpcServerTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  @TempDir Path dir;
  private final TestMethods methods = new TestMethods();
  private final Reactor reactor = Reactor.start("test-control", -1);
  private RpcServer server;

  @BeforeEach
  void listen() throws Exception {
    methods.registry.enterRuntime();
    server = listen(dir.resolve("rpc.sock"));
  }

  @AfterEach
  void close() throws Exception {
    server.close().toCompletableFuture().get(20, SECONDS);
    reactor.close();
  }

  private RpcServer listen(Path socket) throws Exception {
    return RpcServer.listen(socket, reactor.eventLoop(), methods.registry)
        .toCompletableFuture()
        .get(20, SECONDS);
  }

  @Test
  void clientGetsResultsAndErrors() throws Exception {
    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThat(client.call("ping", null)).isEqualTo(NODES.booleanNode(true));
      assertThat(client.call("echo", NODES.objectNode().put("text", "x").put("times", 100_000)))
          .isEqualTo(NODES.stringNode("x".repeat(100_000)));
      assertThatThrownBy(() -> client.call("missing", null))
          .isInstanceOfSatisfying(RpcException.class, e -> assertThat(e.code()).isEqualTo(-19))
          .hasMessage("No such device: there is no bdev Null0");
    }
  }

  @Test
  void socketThatAnotherMadeIsServedAlsoToWhoCameBeforeAndStays() throws Exception {
    Path passed = dir.resolve("passed.sock");
    var maker = new EpollServerDomainSocketChannel();
    new ServerBootstrap()
        .group(reactor.eventLoop())
        .channelFactory(() -> maker)
        .childHandler(new ChannelInboundHandlerAdapter())
        .bind(new DomainSocketAddress(passed.toFile()))
        .sync();
    // The maker itself is to accept nobody.
    reactor.eventLoop().submit(() -> maker.config().setAutoRead(false)).sync();
    FileDescriptor original = FileDescriptor.own(maker.fd().intValue());
    int number = original.duplicate().release();
    original.release();

    RpcServer inherited;
    try (RpcClient early = RpcClient.connect(passed, TIMEOUT)) {
      inherited = inherit(number).get(20, SECONDS);
      assertThat(inherited.socket()).isEqualTo(passed);
      assertThat(early.call("ping", null)).isEqualTo(NODES.booleanNode(true));
    }
    try (RpcClient late = RpcClient.connect(passed, TIMEOUT)) {
      assertThat(late.call("ping", null)).isEqualTo(NODES.booleanNode(true));
    }
    inherited.close().toCompletableFuture().get(20, SECONDS);

    assertThat(passed).exists();
    maker.close().sync();
  }

  @Test
  void passedDescriptorThatDoesNotListenIsRefused() throws Exception {
    List<FileDescriptor> pair = SocketPair.create();
    int connected = pair.getFirst().release();

    assertThatThrownBy(() -> inherit(connected).get(20, SECONDS))
        .hasRootCauseMessage("fd " + connected + " is a connected socket; JSON-RPC listens on one");
    assertThatThrownBy(() -> inherit(999_999).get(20, SECONDS))
        .hasMessageContaining("fd 999999 is not open");
    pair.getLast().close();
  }

  private CompletableFuture<RpcServer> inherit(int number) {
    return RpcServer.inherit(number, reactor.eventLoop(), methods.registry).toCompletableFuture();
  }

  @Test
  void methodsAreListedAndDescribedAsDeclared() throws Exception {
    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThat(client.call("rpc_get_methods", null).toString())
          .contains("\"echo\"", "\"option\"")
          .doesNotContain("repeat");
      assertThat(client.call("rpc_get_methods", NODES.objectNode().put("current", true)).toString())
          .contains("\"echo\"")
          .doesNotContain("\"option\"");
      assertThat(
              client
                  .call("rpc_get_methods", NODES.objectNode().put("include_aliases", true))
                  .toString())
          .contains("\"repeat\"");
      assertThat(
              client
                  .call("rpc_describe_methods", NODES.objectNode().put("name", "echo"))
                  .toString())
          .isEqualTo(
              "[{\"name\":\"echo\",\"description\":\"Gives its text back\","
                  + "\"spdk\":true,\"states\":[\"runtime\"],\"aliases\":[\"repeat\"],"
                  + "\"wrong_params\":{\"code\":-32602,\"message\":\"Invalid parameters\"},"
                  + "\"params\":["
                  + "{\"name\":\"text\",\"type\":\"string\",\"required\":true,"
                  + "\"description\":\"what to give back\",\"accepts\":\"a string\"},"
                  + "{\"name\":\"times\",\"type\":\"integer\",\"required\":false,"
                  + "\"description\":\"how often\",\"accepts\":\"a whole number from 1 to 100000\","
                  + "\"default\":1}]}]");
      assertThatThrownBy(
              () -> client.call("rpc_describe_methods", NODES.objectNode().put("name", "no")))
          .hasMessageContaining("no method no");
    }
  }

  @Test
  void handlersRunOnTheGivenLoop() throws Exception {
    methods.registry.add(
        RpcMethod.named("where", "Tells its thread")
            .handledBy(a ->
                java.util.concurrent.CompletableFuture.completedStage(
                    NODES.booleanNode(reactor.inReactor()))));

    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThat(client.call("where", null).booleanValue()).isTrue();
    }
  }

  @Test
  void resultCompletedOnAnotherThreadIsSent() throws Exception {
    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      Thread.ofPlatform().start(() -> methods.slow.complete(NODES.stringNode("late")));

      assertThat(client.call("slow", null).stringValue()).isEqualTo("late");
    }
  }

  @Test
  void callThatTakesTooLongIsGivenUpByTheClient() throws Exception {
    try (RpcClient client = RpcClient.connect(server.socket(), Duration.ofMillis(50))) {
      assertThatThrownBy(() -> client.call("slow", null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no reply within");
    }
  }

  @Test
  void slowReaderGetsEverythingInTheEnd() throws Exception {
    int calls = 200;
    try (SocketChannel raw = connect()) {
      Thread sender =
          Thread.ofPlatform()
              .start(() ->
                  writeAll(
                      raw,
                      "{\"method\":\"echo\",\"params\":{\"text\":\"x\",\"times\":100000},\"id\":1}"
                          .repeat(calls)));

      long expected =
          calls * (100_000L + "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\"}\n".length());
      assertThat(readBytes(raw, expected)).isEqualTo(expected);
      sender.join();
    }
  }

  @Test
  void clientThatSaysNothingOrHalfAMessageHoldsNobodyUp() throws Exception {
    try (SocketChannel silent = connect();
        SocketChannel half = connect();
        RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      writeAll(half, "{\"method\":\"pi");

      assertThat(client.call("ping", null).booleanValue()).isTrue();

      writeAll(half, "ng\",\"id\":1}");
      assertThat(readLine(half)).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}");
      assertThat(silent.isConnected()).isTrue();
    }
  }

  @Test
  void sixtyFifthClientWaitsUntilOneLeaves() throws Exception {
    List<RpcClient> clients = new ArrayList<>();
    for (int i = 0; i < RpcServer.MAX_CONNECTIONS; i++) {
      clients.add(RpcClient.connect(server.socket(), TIMEOUT));
      clients.getLast().call("ping", null);
    }
    try (RpcClient waiting = RpcClient.connect(server.socket(), Duration.ofMillis(100))) {
      assertThatThrownBy(() -> waiting.call("ping", null)).hasMessageContaining("no reply within");

      clients.getFirst().close();
      clients.getLast().close();

      try (RpcClient next = RpcClient.connect(server.socket(), TIMEOUT)) {
        assertThat(next.call("ping", null).booleanValue()).isTrue();
      }
    }
    for (RpcClient client : clients) {
      client.close();
    }
  }

  @Test
  void socketIsForItsOwnerAloneAndGoesWithTheServer() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.socket())))
        .isEqualTo("rw-------");
    try (SocketChannel raw = connect()) {
      // Answered, so it was accepted: a connection that only waits for that is reset, not ended.
      raw.write(UTF_8.encode("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"));
      assertThat(raw.read(ByteBuffer.allocate(4096))).isPositive();

      server.close().toCompletableFuture().get(20, SECONDS);

      assertThat(dir).isEmptyDirectory();
      assertThat(raw.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  void liveServerIsNotReplaced() throws Exception {
    assertThatThrownBy(() -> listen(server.socket()))
        .hasCauseInstanceOf(IOException.class)
        .hasMessageContaining(server.socket() + ": another server listens there");

    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThat(client.call("ping", null).booleanValue()).isTrue();
    }
  }

  @Test
  void nobodyThereIsSaidInOneLine() {
    Path nowhere = dir.resolve("nowhere.sock");

    assertThatThrownBy(() -> RpcClient.connect(nowhere, TIMEOUT))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(nowhere + ": cannot connect: ")
        .hasMessageEndingWith("is the server running, with -r and this path?");
  }

  private SocketChannel connect() throws IOException {
    SocketChannel raw = SocketChannel.open(StandardProtocolFamily.UNIX);
    raw.connect(UnixDomainSocketAddress.of(server.socket()));
    return raw;
  }

  private static void writeAll(SocketChannel raw, String text) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
    try {
      while (bytes.hasRemaining()) {
        raw.write(bytes);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String readLine(SocketChannel raw) throws IOException {
    StringBuilder line = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (raw.read(one.clear()) == 1 && one.get(0) != '\n') {
      line.append((char) one.get(0));
    }
    return line.toString();
  }

  private static long readBytes(SocketChannel raw, long wanted) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(100_000);
    long total = 0;
    while (total < wanted) {
      int count = raw.read(buffer.clear());
      if (count < 0) {
        return total;
      }
      total += count;
    }
    return total;
  }
}
