package io.millrace.benchmarks;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One JSON-RPC call to a server, as SPDK's {@code rpc.py} makes it. */
final class Rpc {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int MOST_BYTES = 1 << 16;

  private Rpc() {}

  /**
   * Calls and waits for the answer.
   *
   * @param parameters JSON without the braces
   * @throws IOException when there is no good answer
   */
  static void call(Path socket, String method, String parameters) throws IOException {
    String request =
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\", \"params\": {%s}}"
            .formatted(method, parameters);
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
      ByteBuffer answer = ByteBuffer.allocate(MOST_BYTES);
      JsonNode json = MAPPER.missingNode();
      while (json.isMissingNode()) {
        if (channel.read(answer) <= 0) {
          throw new IOException(socket + " hung up in answer to " + method);
        }
        json = whole(StandardCharsets.UTF_8.decode(answer.duplicate().flip()).toString());
      }
      if (!json.has("result")) {
        throw new IOException("%s: %s: %s".formatted(socket, method, json.path("error")));
      }
    }
  }

  private static JsonNode whole(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      return MAPPER.missingNode(); // more is to come
    }
  }
}
