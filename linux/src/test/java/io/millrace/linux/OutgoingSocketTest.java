package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OutgoingSocketTest {
  @TempDir Path dir;

  @Test
  void whoListensIsConnectedTo() throws Exception {
    Path path = dir.resolve("a.sock");
    try (ServerSocketChannel listener = listen(path, 1);
        FileDescriptor socket = OutgoingSocket.connect(path);
        SocketChannel accepted = listener.accept()) {
      accepted.write(ByteBuffer.wrap(new byte[] {7}));

      ByteBuffer one = ByteBuffer.allocate(1);
      assertThat(DescriptorPassing.receive(socket.number(), one, new ArrayList<>())).isEqualTo(1);
      assertThat(one.get(0)).isEqualTo((byte) 7);
    }
  }

  @Test
  void whatIsNotThereOrDeadOrNoSocketIsNamed() throws Exception {
    Path dead = dir.resolve("dead.sock");
    listen(dead, 1).close();

    refused(dir.resolve("none.sock"), Errno.ENOENT);
    refused(dead, Errno.ECONNREFUSED);
    refused(dir, Errno.ECONNREFUSED);
    refused(dir.resolve("n".repeat(SocketFile.MAX_PATH_BYTES)), Errno.ENAMETOOLONG);
  }

  @Test
  void listenerThatAcceptsNobodyDoesNotHoldWhoConnects() throws Exception {
    Path path = dir.resolve("full.sock");
    List<FileDescriptor> waiting = new ArrayList<>();
    try (ServerSocketChannel listener = listen(path, 1)) {
      assertThat(listener.isOpen()).isTrue();
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 10; i++) {
                  waiting.add(OutgoingSocket.connect(path));
                }
              })
          .hasMessage("connect to " + path + ": EAGAIN (Resource temporarily unavailable)");
    } finally {
      waiting.forEach(FileDescriptor::close);
    }
  }

  private static ServerSocketChannel listen(Path path, int backlog) throws Exception {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path), backlog);
  }

  private static void refused(Path path, Errno errno) {
    assertThatThrownBy(() -> OutgoingSocket.connect(path))
        .hasMessageStartingWith("connect to " + path + ": ")
        .extracting(e -> ((LinuxException) e).errno())
        .isEqualTo(errno);
  }
}
