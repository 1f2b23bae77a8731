package io.millrace.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** QEMU's machine protocol: one command at a time, its events are skipped. */
final class Qmp implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SocketChannel channel;
  private final BufferedReader reader;

  private Qmp(SocketChannel channel) {
    this.channel = channel;
    this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
  }

  static Qmp connect(Path socket) throws IOException {
    Qmp qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    qmp.read(); // the greeting
    qmp.execute("qmp_capabilities");
    return qmp;
  }

  /** The command's {@code return}; an {@code error} is an exception. */
  JsonNode execute(String command) throws IOException {
    byte[] request = JSON.writeValueAsBytes(Map.of("execute", command));
    channel.write(ByteBuffer.wrap(request));
    while (true) {
      JsonNode answer = read();
      if (answer.has("error")) {
        throw new IOException("QMP " + command + ": " + answer.get("error"));
      }
      if (answer.has("return")) {
        return answer.get("return");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private JsonNode read() throws IOException {
    String line = reader.readLine();
    if (line == null) {
      throw new IOException("QEMU closed its QMP socket");
    }
    return JSON.readTree(line);
  }
}
