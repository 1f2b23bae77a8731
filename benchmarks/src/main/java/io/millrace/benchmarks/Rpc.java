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

/** JSON-RPC calls to a server, one after the other, as SPDK's {@code rpc.py} makes them. */
final class Rpc implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int MOST_BYTES = 1 << 16;

  private final Path socket;
  private final SocketChannel channel;
  private final ByteBuffer answer = ByteBuffer.allocate(MOST_BYTES);

  private Rpc(Path socket, SocketChannel channel) {
    this.socket = socket;
    this.channel = channel;
  }

  /** A connection for many calls. */
  static Rpc connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return new Rpc(socket, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Makes one call and waits for the answer.
   *
   * @param parameters JSON without the braces
   * @throws IOException when there is no good answer
   */
  static void call(Path socket, String method, String parameters) throws IOException {
    try (Rpc rpc = connect(socket)) {
      rpc.exchange(method, ", \"params\": {%s}".formatted(parameters));
    }
  }

  /** Calls a method that needs no parameters, and waits for the answer. */
  void call(String method) throws IOException {
    exchange(method, "");
  }

  private void exchange(String method, String parameters) throws IOException {
    String request =
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"%s\"%s}".formatted(method, parameters);
    channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
    answer.clear();
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

  private static JsonNode whole(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      return MAPPER.missingNode(); // more is to come
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
