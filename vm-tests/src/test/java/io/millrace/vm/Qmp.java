package io.millrace.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * QEMU's machine protocol: one command at a time; events are kept until somebody waits for them. A
 * thread of its own reads, so that every wait has its limit.
 */
final class Qmp implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String CLOSED = "{\"closed\": true}"; // what the reader says last

  private final SocketChannel channel;
  private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
  private final List<JsonNode> events = new ArrayList<>();

  private Qmp(SocketChannel channel) {
    this.channel = channel;
    Thread.ofVirtual().name("qmp").start(this::read);
  }

  static Qmp connect(Path socket) throws IOException, InterruptedException {
    Qmp qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    qmp.await("its greeting", message -> message.has("QMP"));
    qmp.execute("qmp_capabilities");
    return qmp;
  }

  /** The command's {@code return}; an {@code error} is an exception. */
  JsonNode execute(String command) throws IOException, InterruptedException {
    return execute(command, Map.of());
  }

  /** As {@link #execute(String)}, with arguments. */
  JsonNode execute(String command, Map<String, ?> arguments)
      throws IOException, InterruptedException {
    ByteBuffer request =
        ByteBuffer.wrap(JSON.writeValueAsBytes(Map.of("execute", command, "arguments", arguments)));
    while (request.hasRemaining()) {
      channel.write(request);
    }
    JsonNode answer =
        await("to answer " + command, message -> message.has("error") || message.has("return"));
    if (answer.has("error")) {
      throw new IOException("QMP " + command + ": " + answer.get("error"));
    }
    return answer.get("return");
  }

  /** Returns when QEMU has said DEVICE_DELETED about the device of this name. */
  void awaitDeleted(String device) throws IOException, InterruptedException {
    Predicate<JsonNode> deleted =
        message ->
            message.path("event").asString("").equals("DEVICE_DELETED")
                && message.path("data").path("device").asString("").equals(device);
    if (events.stream().noneMatch(deleted)) {
      await("DEVICE_DELETED of " + device, deleted);
    }
    events.clear();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** The next message that is wanted; the events before it are kept. */
  private JsonNode await(String what, Predicate<JsonNode> wanted)
      throws IOException, InterruptedException {
    long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      JsonNode message = messages.poll(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (message == null) {
        throw new IOException("QEMU did not say within " + LIMIT.toSeconds() + " s: " + what);
      }
      if (message.has("closed")) {
        throw new IOException("QEMU closed its QMP socket before " + what);
      }
      if (wanted.test(message)) {
        return message;
      }
      events.add(message);
    }
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        messages.add(JSON.readTree(line));
      }
    } catch (IOException e) { // the test has closed it, or QEMU has gone
    } finally {
      messages.add(JSON.readTree(CLOSED));
    }
  }
}
