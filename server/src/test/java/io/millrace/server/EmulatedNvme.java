package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A QEMU whose machine nobody runs, with an NVMe controller at 00:04.0 of one namespace. */
final class EmulatedNvme implements AutoCloseable {
  private static final int DISK = 16 << 20;
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Process qemu;

  private EmulatedNvme(Process qemu) {
    this.qemu = qemu;
  }

  /** Starts it; its files are in a directory of the test's. */
  static EmulatedNvme start(Path dir) throws IOException {
    Path image = dir.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(DISK);
    }
    String listen = "unix:%s,server=on,wait=off";
    Process qemu =
        new ProcessBuilder(
                List.of(
                    "qemu-system-x86_64",
                    "-nodefaults",
                    "-no-user-config",
                    "-display",
                    "none",
                    "-accel",
                    "tcg",
                    "-S",
                    "-machine",
                    "q35,memory-backend=mem",
                    "-m",
                    "64M",
                    "-object",
                    "memory-backend-file,id=mem,share=on,size=64M,mem-path=" + dir.resolve("ram"),
                    "-drive",
                    "if=none,id=image,format=raw,file=" + image,
                    "-device",
                    "nvme,serial=n0,drive=image,addr=4",
                    "-qtest-log",
                    "none",
                    "-qtest",
                    listen.formatted(dir.resolve("qtest.sock")),
                    "-qmp",
                    listen.formatted(dir.resolve("qmp.sock"))))
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("qemu.log").toFile())
            .start();
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!isGreeted(dir.resolve("qmp.sock"))) {
      assertThat(System.nanoTime() < deadline && qemu.isAlive())
          .as("QEMU answers; it says: " + Files.readString(dir.resolve("qemu.log")))
          .isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    return new EmulatedNvme(qemu);
  }

  /** Whether QEMU, which greets when its devices are there, is as far. */
  private static boolean isGreeted(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer greeting = ByteBuffer.allocate(4096);
      return channel.read(greeting) > 0
          && new String(greeting.array(), 0, greeting.position(), UTF_8).contains("QMP");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    qemu.destroyForcibly().onExit().join();
  }
}
