package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.rpc.internal.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Any bytes of a client are answered as JSON-RPC 2.0 has it, in one piece or in two; what a handler
 * is given can be taken as what was declared. Input: where the bytes are cut (2, little endian),
 * the bytes.
 */
class RpcConnectionFuzzTest {
  private static final int CUT = 2;
  private static final int LONGEST_ERROR_CHARS = Dispatcher.MAX_ERROR_CHARS + 50;
  private static final int NO_METHOD = RpcException.METHOD_NOT_FOUND;
  private static final Set<Integer> CODES =
      Set.of(
          RpcException.PARSE_ERROR,
          RpcException.INVALID_REQUEST,
          NO_METHOD,
          RpcException.INVALID_PARAMS,
          RpcException.INVALID_STATE);

  private final MethodRegistry registry = new MethodRegistry();
  private @Nullable Throwable defect; // of a handler, which the connection would hide

  RpcConnectionFuzzTest() {
    registry.add(
        RpcMethod.named("all", "Has one of everything")
            .param(Param.string("text", "text").required())
            .param(Param.uint32("size", "bytes"))
            .param(Param.uint64("offset", "bytes"))
            .param(Param.integer("count", 1, 9, "how many").orElse(1))
            .param(Param.oneOf("mode", List.of("all", "none"), "which"))
            .param(Param.uuid("uuid", "its UUID"))
            .param(Param.bool("readonly", "no writes").orElse(false))
            .param(Param.strings("names", "which ones"))
            .param(Param.object("extra", "more"))
            .handledBy(a -> {
              take(a);
              return CompletableFuture.completedStage(NODES.booleanNode(true));
            }));
    registry.add(
        RpcMethod.named("option", "Only at startup")
            .states(RpcState.STARTUP)
            .handledBy(a -> CompletableFuture.completedStage(NODES.booleanNode(true))));
    registry.enterRuntime();
  }

  private void take(Arguments a) {
    try {
      takeAll(a);
    } catch (RuntimeException | AssertionError e) {
      defect = e;
      throw e;
    }
  }

  private static void takeAll(Arguments a) {
    assertThat(a.string("text")).isNotEmpty().doesNotContain("\0");
    assertThat(a.optionalInteger("size").orElse(0)).isBetween(0L, 0xffff_ffffL);
    assertThat(a.optionalInteger("offset").orElse(0)).isNotNegative();
    assertThat(a.intValue("count")).isBetween(1, 9);
    assertThat(a.optionalString("mode").orElse("all")).isIn("all", "none");
    a.optionalUuid("uuid").ifPresent(uuid -> assertThat(uuid.toString()).hasSize(36));
    assertThat(a.bool("readonly")).isIn(true, false);
    assertThat(a.strings("names")).doesNotContainNull();
    a.object("extra")
        .ifPresent(extra -> {
          assertThat(extra.isObject()).isTrue();
          assertThat(Json.hasNameTwice(extra)).isFalse();
        });
  }

  @FuzzTest
  void everyAnswerIsOne(byte[] input) {
    if (input.length < CUT) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(input, CUT, input.length);
    int cut = Math.min((input[0] & 0xff) | (input[1] & 0xff) << 8, bytes.length);

    String replies = replies(bytes, bytes.length);

    assertThat(defect).isNull();
    replies.lines().forEach(RpcConnectionFuzzTest::checkReply);
    assertThat(replies(bytes, cut)).isEqualTo(replies);
  }

  private String replies(byte[] bytes, int cut) {
    EmbeddedChannel channel =
        new EmbeddedChannel(new RpcConnection(new Dispatcher(registry, Runnable::run)));
    channel.writeInbound(Unpooled.wrappedBuffer(Arrays.copyOf(bytes, cut)));
    if (channel.isOpen()) { // what is no JSON ends it
      channel.writeInbound(Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, cut, bytes.length)));
    }
    StringBuilder text = new StringBuilder();
    ByteBuf piece;
    while ((piece = channel.readOutbound()) != null) {
      text.append(piece.toString(UTF_8));
      piece.release();
    }
    if (!channel.isOpen()) { // or it was closed by an exception
      assertThat(text.toString()).contains(Integer.toString(RpcException.PARSE_ERROR));
    }
    channel.finishAndReleaseAll();
    return text.toString();
  }

  private static void checkReply(String line) {
    JsonNode reply = Json.WIRE.readTree(line);
    if (reply.isArray()) {
      assertThat(reply.isEmpty()).isFalse();
      reply.forEach(RpcConnectionFuzzTest::checkOne);
    } else {
      checkOne(reply);
    }
  }

  private static void checkOne(JsonNode reply) {
    assertThat(reply.path("jsonrpc").stringValue()).isEqualTo("2.0");
    assertThat(reply.has("id")).isTrue();
    assertThat(reply.has("result")).isNotEqualTo(reply.has("error"));
    if (reply.has("error")) {
      JsonNode error = reply.get("error");
      assertThat(error.path("message").stringValue()).isNotBlank();
      assertThat(error.path("data").asString("")).hasSizeLessThan(LONGEST_ERROR_CHARS);
      assertThat(error.path("code").intValue()).isIn(CODES);
    }
  }
}
