package io.millrace.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Clients that behave badly, through a real socket, beside one that does not. */
@Timeout(60)
class RpcBadClientTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final int CONNECTIONS = 1000;

  /** Of the socket's buffers of both sides, which the kernel doubles, and what one read takes. */
  private static final int MOST_TAKEN_BYTES = 2 * 1024 * 1024;

  @TempDir Path dir;
  private final TestMethods methods = new TestMethods();
  private final List<SocketChannel> opened = new ArrayList<>();
  private Reactor reactor;
  private RpcServer server;

  @BeforeEach
  void listen() throws Exception {
    reactor = Reactor.start("test", -1);
    methods.registry.enterRuntime();
    server =
        RpcServer.listen(dir.resolve("rpc.sock"), reactor.eventLoop(), methods.registry)
            .toCompletableFuture()
            .get(20, SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    for (SocketChannel channel : opened) {
      channel.close();
    }
    server.close().toCompletableFuture().get(20, SECONDS);
    reactor.close();
  }

  @Test
  void aThousandConnectionsKeepNobodyOutWhoIsThere() throws Exception {
    try (RpcClient first = RpcClient.connect(server.socket(), TIMEOUT)) {
      first.call("ping", null);
      for (int i = 0; i < CONNECTIONS; i++) {
        connectAtOnce();
      }
      long deadline = System.nanoTime() + SECONDS.toNanos(20);
      while (taken() < RpcServer.MAX_CONNECTIONS) {
        assertThat(System.nanoTime()).as("%d taken", taken()).isLessThan(deadline);
      }
      for (int turn = 0; turn < 100; turn++) { // in each of which another could be taken
        assertThat(first.call("ping", null).booleanValue()).isTrue();
      }
      assertThat(taken()).isEqualTo(RpcServer.MAX_CONNECTIONS);
    }

    for (SocketChannel channel : opened) {
      channel.close();
    }

    try (RpcClient next = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThat(next.call("ping", null).booleanValue()).isTrue();
    }
  }

  private int taken() throws Exception {
    return reactor.eventLoop().submit(server::connections).get(20, SECONDS);
  }

  @Test
  void whoNeverReadsRepliesIsNotReadFromAndHoldsNobodyUp() throws Exception {
    SocketChannel deaf = connectAtOnce();
    ByteBuffer calls =
        ByteBuffer.wrap(
            "{\"method\":\"echo\",\"params\":{\"text\":\"x\",\"times\":100000},\"id\":1}"
                .repeat(1000)
                .getBytes(UTF_8));
    long taken = 0;
    try (RpcClient other = RpcClient.connect(server.socket(), TIMEOUT)) {
      long deadline = System.nanoTime() + SECONDS.toNanos(20);
      int refusals = 0;
      while (refusals < 20 && System.nanoTime() < deadline) { // so often was there no room
        int count = deaf.write(calls.hasRemaining() ? calls : calls.rewind());
        refusals = count == 0 ? refusals + 1 : 0;
        taken += count;
        assertThat(other.call("ping", null).booleanValue()).isTrue();
      }
      assertThat(refusals).isEqualTo(20);
    }
    assertThat(taken).isPositive().isLessThan(MOST_TAKEN_BYTES);
  }

  @Test
  void garbageAfterAGoodRequestEndsTheConnectionWhenThatIsAnswered() throws Exception {
    SocketChannel client = connectAtOnce();
    client.configureBlocking(true);
    client.write(
        UTF_8.encode("{\"method\":\"ping\",\"id\":1}\n\u0001{\"method\":\"ping\",\"id\":2}"));

    String replies = readAll(client);

    assertThat(replies)
        .startsWith("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n")
        .contains("\"code\":-32700,\"message\":\"Parse error\"")
        .doesNotContain("\"id\":2");
  }

  @Test
  void bytesThatAreNoUtf8EndTheConnection() throws Exception {
    SocketChannel client = connectAtOnce();
    client.configureBlocking(true);
    byte[] request = "{\"method\":\"ping?\",\"id\":1}".getBytes(UTF_8);
    request[15] = (byte) 0xc0; // never in UTF-8
    client.write(ByteBuffer.wrap(request));

    assertThat(readAll(client)).contains("\"code\":-32700").contains("unexpected byte 0xc0");
  }

  @Test
  void aBatchOfBatchesIsAnArrayOfRefusals() throws Exception {
    SocketChannel client = connectAtOnce();
    client.configureBlocking(true);
    client.write(
        UTF_8.encode("[[{\"method\":\"ping\",\"id\":1}],[],{\"method\":\"ping\",\"id\":2}]"));
    client.shutdownOutput();

    var replies = new JsonMapper().readTree(readAll(client));

    assertThat(replies).hasSize(3);
    assertThat(replies.at("/0/error/code").intValue()).isEqualTo(-32600);
    assertThat(replies.at("/1/error/code").intValue()).isEqualTo(-32600);
    assertThat(replies.at("/2/result").booleanValue()).isTrue();
  }

  @Test
  void aBatchWhoseResultsAreTooLongToHoldGetsErrorsInTheirPlace() throws Exception {
    int calls = 600; // 60 MB of results
    SocketChannel client = connectAtOnce();
    client.configureBlocking(true);
    List<String> batch = new ArrayList<>();
    for (int id = 1; id <= calls; id++) {
      batch.add(
          "{\"method\":\"echo\",\"params\":{\"text\":\"x\",\"times\":100000},\"id\":%d}"
              .formatted(id));
    }
    Thread sender =
        Thread.ofPlatform().start(() -> write(client, "[" + String.join(",", batch) + "]"));

    String text = readAll(client);
    assertThat(sender.join(TIMEOUT)).isTrue();

    assertThat(text.length()).isLessThan(RpcConnection.MAX_REPLY_BYTES);
    var replies = new JsonMapper().readTree(text);
    assertThat(replies).hasSize(calls);
    assertThat(replies.at("/0/result").stringValue()).hasSize(100_000);
    assertThat(replies.get(calls - 1).at("/error/data").stringValue())
        .isEqualTo("the batch's replies are too long; ask for less at a time");
  }

  @Test
  void aReplyThatIsTooLongIsAnErrorInItsPlace() throws Exception {
    String text = "x".repeat(RpcConnection.MAX_REPLY_BYTES / 100_000 + 1);
    ObjectNode call = new JsonMapper().createObjectNode().put("text", text).put("times", 100_000);
    try (RpcClient client = RpcClient.connect(server.socket(), TIMEOUT)) {
      assertThatThrownBy(() -> client.call("echo", call))
          .isInstanceOf(RpcException.class)
          .hasMessageContaining("the reply would have")
          .hasMessageContaining("ask for less");

      assertThat(client.call("ping", null).booleanValue()).isTrue();
    }
  }

  private static void write(SocketChannel client, String text) {
    try {
      ByteBuffer bytes = UTF_8.encode(text);
      while (bytes.hasRemaining()) {
        client.write(bytes);
      }
      client.shutdownOutput();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Connects, or finds the backlog full; never waits. */
  private SocketChannel connectAtOnce() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    opened.add(channel);
    channel.configureBlocking(false);
    try {
      channel.connect(UnixDomainSocketAddress.of(server.socket()));
    } catch (IOException full) {
      assertThat(opened).hasSizeGreaterThan(RpcServer.MAX_CONNECTIONS);
    }
    return channel;
  }

  private static String readAll(SocketChannel client) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    StringBuilder text = new StringBuilder();
    while (client.read(buffer.clear()) >= 0) {
      text.append(UTF_8.decode(buffer.flip()));
    }
    return text.toString();
  }
}
