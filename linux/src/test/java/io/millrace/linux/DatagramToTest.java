package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DatagramToTest {
  private static final int SYS_BIND = 49;
  private static final int MORE_THAN_A_QUEUE_TAKES = 100_000;

  @TempDir Path dir;

  @Test
  void whoReadsAtAPathGetsTheMessage() throws Exception {
    String path = dir.resolve("notify").toString();
    try (FileDescriptor reader = reader(path, path.length() + 1)) {
      DatagramTo.send(path, "READY=1\nSTATUS=grün", 0);

      assertThat(received(reader)).isEqualTo("READY=1\nSTATUS=grün");
    }
  }

  @Test
  void whoReadsAtAnAbstractNameGetsTheMessage() throws Exception {
    String name = "millrace-test-" + ProcessHandle.current().pid();
    try (FileDescriptor reader = reader("\0" + name, 1 + name.length())) {
      DatagramTo.send("@" + name, "WATCHDOG=1", 0);

      assertThat(received(reader)).isEqualTo("WATCHDOG=1");
    }
  }

  @Test
  void readerThatIsBehindIsNotWaitedForLongerThanAsked() throws Exception {
    String path = dir.resolve("full").toString();
    try (FileDescriptor reader = reader(path, path.length() + 1)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < MORE_THAN_A_QUEUE_TAKES; i++) {
                  DatagramTo.send(path, "x", 0);
                }
              })
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
      assertThatThrownBy(() -> DatagramTo.send(path, "x", 10)).hasMessageContaining("EAGAIN");

      assertThat(received(reader)).isEqualTo("x");
      DatagramTo.send(path, "x", 60_000);
    }
  }

  @Test
  void addressWithoutAReaderIsAnErrorThatNamesIt() {
    assertThatThrownBy(() -> DatagramTo.send("/nowhere/notify", "READY=1", 0))
        .hasMessage("send to /nowhere/notify: ENOENT (No such file or directory)");
    assertThatThrownBy(() -> DatagramTo.send("@" + "n".repeat(108), "READY=1", 0))
        .hasMessageContaining("ENAMETOOLONG");
    assertThatThrownBy(() -> DatagramTo.send("", "READY=1", 0))
        .hasMessageContaining("ENAMETOOLONG");
  }

  private static FileDescriptor reader(String name, int bytes) throws LinuxException {
    long made = Syscall.call(Syscall.SOCKET, SocketPair.AF_UNIX, DatagramTo.SOCK_DGRAM, 0);
    int number = (int) LinuxException.check(made, "make", "socket");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(InheritedSocket.SOCKADDR_UN_BYTES, Long.BYTES);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) SocketPair.AF_UNIX);
      byte[] path = name.getBytes(StandardCharsets.UTF_8);
      MemorySegment.copy(
          path, 0, address, ValueLayout.JAVA_BYTE, InheritedSocket.SUN_PATH, path.length);
      long length = InheritedSocket.SUN_PATH + (long) bytes;
      LinuxException.check(Syscall.call(SYS_BIND, number, address.address(), length), "bind", name);
    }
    return FileDescriptor.own(number);
  }

  private static String received(FileDescriptor reader) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(DatagramTo.MAX_MESSAGE_BYTES);
      long count =
          LinuxException.check(
              Syscall.call(Syscall.READ, reader.number(), memory.address(), memory.byteSize()),
              "read",
              "datagram");
      return new String(
          memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }
}
