package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RpcConnectionTest {
  private static final String PARSE_ERROR =
      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse"
          + " error\",\"data\":";

  private TestMethods methods = new TestMethods();
  private EmbeddedChannel channel = new EmbeddedChannel();

  @BeforeEach
  void connect() {
    methods = new TestMethods();
    methods.registry.enterRuntime();
    channel =
        new EmbeddedChannel(new RpcConnection(new Dispatcher(methods.registry, Runnable::run)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"method\":\"ping\",\"id\":1}|{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"a\",\"params\":null}"
            + "|{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":true}",
        "{\"method\":\"repeat\",\"params\":{\"text\":\"x\",\"times\":3},\"id\":-1.5}"
            + "|{\"jsonrpc\":\"2.0\",\"id\":-1.5,\"result\":\"xxx\"}",
        "{\"method\":\"no\",\"id\":1}|{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method"
            + " not found\",\"data\":\"no method no; rpc_get_methods lists them\"}}",
        "{\"method\":\"missing\",\"id\":1}|{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-19,\"message\":\"No"
            + " such device\",\"data\":\"there is no bdev Null0\"}}",
        "{\"method\":\"missing\"}|{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-19,\"message\":\"No"
            + " such device\",\"data\":\"there is no bdev Null0\"}}",
        "{\"method\":\"ping\",\"params\":{},\"id\":1}"
            + "|{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,"
            + "\"message\":\"ping method requires no parameters\"}}",
      })
  void requestIsAnswered(String request, String reply) {
    assertThat(replies(request)).isEqualTo(reply + "\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]|a request is an object, or an array of them",
        "7 |a request is an object, or an array of them",
        "\"x\"|a request is an object, or an array of them",
        "{}|method must be a string",
        "{\"method\":1,\"id\":1}|method must be a string",
        "{\"method\":\"ping\",\"id\":[]}|id must be a string, a number or null",
        "{\"method\":\"ping\",\"id\":true}|id must be a string, a number or null",
        "{\"method\":\"ping\",\"params\":1}|params must be an object, an array or null",
        "{\"jsonrpc\":\"1.0\",\"method\":\"ping\"}|jsonrpc must be \\\"2.0\\\"",
        "{\"jsonrpc\":2.0,\"method\":\"ping\"}|jsonrpc must be \\\"2.0\\\"",
        "{\"method\":\"ping\",\"verb\":1}|unknown member verb",
        "{\"method\":\"ping\",\"id\":1E99999999999}|a number is too large to be one",
        "-2e-123456789012|a number is too large to be one",
        "{\"method\":\"ping\",\"method\":\"ping\"}|method is given twice",
      })
  void whatIsNoRequestIsRefusedAndTheConnectionGoesOn(String request, String why) {
    String replies = replies(request + "{\"method\":\"ping\",\"id\":9}");

    assertThat(replies)
        .startsWith(
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid"
                + " request\",\"data\":\""
                + why)
        .endsWith("\n{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":true}\n");
  }

  @Test
  void notificationThatSucceedsIsNotAnswered() {
    assertThat(replies("{\"method\":\"ping\"}{\"method\":\"ping\",\"id\":null}")).isEmpty();
    assertThat(channel.isOpen()).isTrue();
  }

  @Test
  void whatIsNotJsonIsAnsweredAndTheConnectionClosed() {
    String replies =
        replies("{\"method\":\"ping\",\"id\":1} nonsense {\"method\":\"ping\",\"id\":2}");

    assertThat(replies)
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true}\n"
                + PARSE_ERROR
                + "\"unexpected 'o'\"}}\n");
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void longestRequestIsTakenAndOneByteMoreIsRefused() {
    String head = "{\"method\":\"ping\",\"id\":\"";
    int room = RpcConnection.MAX_REQUEST_BYTES - head.length() - 2;

    assertThat(replies(head + "x".repeat(room) + "\"}")).contains("\"result\":true");
    assertThat(replies(head + "x".repeat(room + 1) + "\"}"))
        .isEqualTo(PARSE_ERROR + "\"longer than 262144 bytes\"}}\n");
  }

  @Test
  void tooManyValuesAreRefused() {
    assertThat(replies("[" + "0,".repeat(RpcConnection.MAX_REQUEST_VALUES) + "0]"))
        .isEqualTo(PARSE_ERROR + "\"more than 8192 values\"}}\n");
  }

  @Test
  void batchIsAnsweredAsOneArrayWithoutItsNotifications() {
    String replies =
        replies(
            "[{\"method\":\"ping\",\"id\":1},{\"method\":\"ping\"},3,{\"method\":\"no\",\"id\":2}]");

    assertThat(replies)
        .startsWith("[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true},{")
        .contains("-32600", "-32601")
        .endsWith("}]\n");
  }

  @Test
  void batchOfNotificationsIsNotAnswered() {
    assertThat(replies("[{\"method\":\"ping\"},{\"method\":\"ping\"}]")).isEmpty();
  }

  @Test
  void batchWaitsForItsLastCallAndKeepsTheOrderOfCompletion() {
    assertThat(replies("[{\"method\":\"slow\",\"id\":1},{\"method\":\"ping\",\"id\":2}]"))
        .isEmpty();

    methods.slow.complete(NODES.booleanNode(false));

    assertThat(sent())
        .isEqualTo(
            "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":true},"
                + "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":false}]\n");
  }

  @Test
  void quickCallOvertakesASlowOne() {
    String first = replies("{\"method\":\"slow\",\"id\":1}{\"method\":\"ping\",\"id\":2}");
    methods.slow.completeExceptionally(new RpcException(-16, "Device or resource busy"));

    assertThat(first).isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":true}\n");
    assertThat(sent())
        .isEqualTo(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-16,"
                + "\"message\":\"Device or resource busy\"}}\n");
  }

  @Test
  void defectIsAnInternalErrorAndTheConnectionGoesOn() {
    assertThat(replies("{\"method\":\"defect\",\"id\":1}{\"method\":\"ping\",\"id\":2}"))
        .contains("\"code\":-32603")
        .endsWith("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":true}\n");
  }

  @Test
  void methodInTheWrongStateIsRefused() {
    assertThat(replies("{\"method\":\"option\",\"id\":1}")).contains("\"code\":-1,");
  }

  @Test
  void clientThatDoesNotReadIsNotReadFrom() {
    channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1000, 2000));
    EmbeddedChannel stuck = channel;
    stuck.pipeline().addFirst(new HoldsWrites());

    String call = "{\"method\":\"echo\",\"params\":{\"text\":\"x\",\"times\":1500},\"id\":1}";
    stuck.writeInbound(Unpooled.copiedBuffer(call.repeat(10), UTF_8));

    assertThat(stuck.config().isAutoRead()).isFalse();
    HoldsWrites holder = stuck.pipeline().get(HoldsWrites.class);
    assertThat(holder.held()).isLessThanOrEqualTo(2);

    holder.letGo();
    assertThat(stuck.config().isAutoRead()).isTrue();
    assertThat(sent().lines()).hasSize(10);
  }

  @Test
  void callsBeyondTheLimitWaitForOthersToEnd() {
    String replies =
        replies(
            "{\"method\":\"slow\",\"id\":1}".repeat(RpcConnection.MAX_CALLS)
                + "{\"method\":\"ping\",\"id\":2}");
    assertThat(replies).isEmpty();
    assertThat(channel.config().isAutoRead()).isFalse();

    methods.slow.complete(NODES.booleanNode(true));

    assertThat(sent().lines()).hasSize(RpcConnection.MAX_CALLS + 1);
    assertThat(channel.config().isAutoRead()).isTrue();
  }

  @Test
  void clientThatShutsItsSideDownStillGetsItsReplies() {
    assertThat(replies("{\"method\":\"slow\",\"id\":1}")).isEmpty();
    channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    assertThat(channel.isOpen()).isTrue();

    methods.slow.complete(NODES.booleanNode(true));

    assertThat(sent()).contains("\"result\":true");
    assertThat(channel.isOpen()).isFalse();
  }

  @Test
  void replyToAClientThatLeftIsDropped() {
    assertThat(replies("{\"method\":\"slow\",\"id\":1}")).isEmpty();
    var _ = channel.close();

    methods.slow.complete(NODES.booleanNode(true));

    assertThat(sent()).isEmpty();
  }

  private String replies(String requests) {
    channel.writeInbound(Unpooled.copiedBuffer(requests, UTF_8));
    return sent();
  }

  private String sent() {
    StringBuilder text = new StringBuilder();
    ByteBuf piece;
    while ((piece = channel.readOutbound()) != null) {
      text.append(piece.toString(UTF_8));
      piece.release();
    }
    return text.toString();
  }
}
