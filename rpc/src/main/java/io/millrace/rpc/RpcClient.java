package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import io.millrace.rpc.internal.JsonBoundary;
import io.millrace.rpc.internal.JsonBoundary.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A client that makes one call at a time and waits for it. One thread. */
public final class RpcClient implements AutoCloseable {
  private static final int READ_BYTES = 64 * 1024;

  private final Path socket;
  private final SocketChannel channel;
  private final Selector selector;
  private final long timeoutNanos;
  private int lastId;

  private RpcClient(Path socket, SocketChannel channel, Selector selector, Duration timeout) {
    this.socket = socket;
    this.channel = channel;
    this.selector = selector;
    this.timeoutNanos = timeout.toNanos();
  }

  /**
   * Connects to a server.
   *
   * @param timeout for each call
   * @throws IOException nobody listens there; one line that names the socket
   */
  public static RpcClient connect(Path socket, Duration timeout) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      return new RpcClient(socket, channel, selector, timeout);
    } catch (IOException e) {
      channel.close();
      throw new IOException(
          socket
              + ": cannot connect: "
              + e.getMessage()
              + "; is the server running, with -r and this path?",
          e);
    }
  }

  /**
   * Calls a method and waits for its reply.
   *
   * @param params null for a call without parameters
   * @return the result
   * @throws RpcException the server's error
   * @throws IOException no (sensible) reply came
   */
  public JsonNode call(String method, @Nullable JsonNode params) throws IOException, RpcException {
    int id = ++lastId;
    ObjectNode request = Json.NODES.objectNode();
    request.put("jsonrpc", "2.0").put("method", method).put("id", id);
    if (params != null) {
      request.set("params", params);
    }
    long deadline = System.nanoTime() + timeoutNanos;
    send(ByteBuffer.wrap(Json.WIRE.writeValueAsBytes(request)), deadline);
    JsonNode reply = receive(deadline);
    JsonNode error = reply.get("error");
    if (error != null) {
      throw new RpcException(
          error.path("code").asInt(RpcException.INTERNAL_ERROR),
          error.path("message").asString("error without a message"),
          error.has("data") ? error.path("data").asString() : null);
    }
    JsonNode result = reply.get("result");
    if (result == null || reply.path("id").asInt(0) != id) {
      throw new IOException(socket + ": not a reply to this call: " + reply);
    }
    return result;
  }

  private void send(ByteBuffer request, long deadline) throws IOException {
    SelectionKey key = channel.keyFor(selector);
    key.interestOps(SelectionKey.OP_WRITE);
    while (request.hasRemaining()) {
      if (channel.write(request) == 0) {
        await(deadline);
      }
    }
    key.interestOps(SelectionKey.OP_READ);
  }

  private JsonNode receive(long deadline) throws IOException {
    JsonBoundary boundary = new JsonBoundary(RpcConnection.MAX_REPLY_BYTES, Integer.MAX_VALUE);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES);
    while (true) {
      int count = channel.read(buffer.clear());
      if (count < 0) {
        throw new IOException(socket + ": the server closed the connection without a reply");
      }
      if (count == 0) {
        await(deadline);
        continue;
      }
      Outcome outcome = boundary.scan(buffer.array(), 0, count);
      if (outcome == Outcome.MALFORMED) {
        throw new IOException(socket + ": the reply is not JSON: " + boundary.problem());
      }
      text.write(buffer.array(), 0, boundary.position());
      if (outcome == Outcome.COMPLETE) {
        return parse(text.toByteArray());
      }
    }
  }

  private JsonNode parse(byte[] text) throws IOException {
    try {
      return Json.WIRE.readTree(text);
    } catch (JacksonException e) {
      throw new IOException(socket + ": the reply cannot be read: " + e.getOriginalMessage(), e);
    } catch (NumberFormatException e) { // an exponent of more than ten digits
      throw new IOException(socket + ": the reply has a number that is none", e);
    }
  }

  private void await(long deadline) throws IOException {
    long remaining = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    if (remaining <= 0) {
      throw new IOException(
          socket
              + ": no reply within "
              + TimeUnit.NANOSECONDS.toSeconds(timeoutNanos)
              + " s; the call may still be running (--timeout waits longer)");
    }
    selector.select(remaining);
    selector.selectedKeys().clear();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
