package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A JSON-RPC client that sends whatever it is given, right or wrong. */
final class RawRpc implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer read = ByteBuffer.allocate(64 * 1024).flip();

  private RawRpc(SocketChannel channel) {
    this.channel = channel;
  }

  static RawRpc connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new RawRpc(channel);
  }

  /** The reply to one request. */
  String exchange(String request) throws IOException {
    send(request.getBytes(UTF_8));
    return reply();
  }

  void send(byte[] bytes) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(bytes);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  /** The next reply: each is a line. */
  String reply() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      if (!read.hasRemaining()) {
        read.clear();
        int count = channel.read(read);
        read.flip();
        if (count < 0) {
          throw new EOFException("the server closed the connection after: " + line);
        }
      }
      byte next = read.get();
      if (next == '\n') {
        return line.toString(UTF_8);
      }
      line.write(next);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
