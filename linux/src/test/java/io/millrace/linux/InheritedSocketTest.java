package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class InheritedSocketTest {
  private static final int SYS_SOCKET = 41;
  private static final int SYS_BIND = 49;
  private static final int SYS_LISTEN = 50;
  private static final int SOCK_DGRAM = 2;

  @TempDir Path dir;

  @Test
  void listeningSocketAcceptsWhoWaitsAndNeverBlocks() throws Exception {
    Path path = dir.resolve("a.sock");
    try (InheritedSocket socket = InheritedSocket.adopt(listening(path));
        SocketChannel peer = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      assertThat(socket.isListening()).isTrue();
      assertThat(socket.path()).isEqualTo(path);
      assertThat(socket.accept()).isNull();

      peer.connect(UnixDomainSocketAddress.of(path));
      peer.write(ByteBuffer.wrap(new byte[] {7}));

      try (FileDescriptor accepted = socket.accept()) {
        ByteBuffer one = ByteBuffer.allocate(1);
        DescriptorPassing.receive(accepted.number(), one, new ArrayList<>());
        assertThat(one.get(0)).isEqualTo((byte) 7);
      }
      assertThat(socket.accept()).isNull();
    }
    assertThat(path).exists();
  }

  @Test
  void connectedSocketIsSeenAsOne() throws Exception {
    List<FileDescriptor> pair = SocketPair.create();
    try (FileDescriptor peer = pair.get(1);
        InheritedSocket socket = InheritedSocket.adopt(pair.get(0).number())) {
      assertThat(socket.isListening()).isFalse();
      assertThat(socket.path()).isNull();
      assertThat(peer.number()).isNotEqualTo(socket.number());
    }
  }

  @Test
  void socketThatNeitherListensNorIsConnectedIsRefusedAndLeftOpen() throws Exception {
    try (FileDescriptor idle = socket(SocketPair.SOCK_STREAM)) {
      refused(idle.number(), "fd %d is a socket that neither listens nor is connected");
      refused(idle.number(), "fd %d is a socket that neither listens nor is connected");
    }
  }

  @Test
  void whatIsNoUnixStreamSocketIsRefused() throws Exception {
    try (FileDescriptor datagrams = socket(SOCK_DGRAM);
        FileDescriptor event = EventFd.create()) {
      refused(datagrams.number(), "fd %d is a socket, but not a Unix stream socket");
      refused(event.number(), "fd %d is not a socket");
    }
    refused(999_999, "fd %d is not open; whoever starts Millrace must pass it on");
  }

  private static void refused(int number, String message) {
    assertThatThrownBy(() -> InheritedSocket.adopt(number))
        .isInstanceOf(IOException.class)
        .hasMessage(message.formatted(number));
  }

  private static FileDescriptor socket(int type) throws LinuxException {
    long number = Syscall.call(SYS_SOCKET, SocketPair.AF_UNIX, type, 0);
    return FileDescriptor.own((int) LinuxException.check(number, "make", "socket"));
  }

  private static int listening(Path path) throws LinuxException {
    int number = socket(SocketPair.SOCK_STREAM).number();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(InheritedSocket.SOCKADDR_UN_BYTES, Long.BYTES);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) SocketPair.AF_UNIX);
      address.setString(InheritedSocket.SUN_PATH, path.toString(), StandardCharsets.UTF_8);
      long bytes = InheritedSocket.SUN_PATH + path.toString().length() + 1L;
      LinuxException.check(Syscall.call(SYS_BIND, number, address.address(), bytes), "bind", path);
    }
    LinuxException.check(Syscall.call(SYS_LISTEN, number, 1), "listen at", path);
    return number;
  }
}
