package io.millrace.initiator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A qemu-storage-daemon with one vhost-user-blk export, of somebody else's making. */
public final class QemuStorageDaemon implements AutoCloseable {
  private static final int FLAGS_FIELD = 3;
  private static final String LISTENING = "00010000"; // __SO_ACCEPTCON

  private final Process process;
  private final Path socket;

  private QemuStorageDaemon(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /** A disk that does nothing. */
  public static QemuStorageDaemon nullDisk(Path directory, long bytes, int queues)
      throws IOException {
    return start(
        directory, "driver=null-co,node-name=disk,read-zeroes=on,size=" + bytes, "on", queues);
  }

  /** A raw image, buffered. */
  public static QemuStorageDaemon image(Path directory, Path image, boolean writable, int queues)
      throws IOException {
    String readOnly = writable ? "off" : "on";
    return start(
        directory,
        "driver=raw,node-name=disk,read-only="
            + readOnly
            + ",file.driver=file,file.filename="
            + image
            + ",file.read-only="
            + readOnly,
        writable ? "on" : "off",
        queues);
  }

  private static QemuStorageDaemon start(
      Path directory, String blockdev, String writable, int queues) throws IOException {
    Path socket = directory.resolve("qsd.sock");
    Path log = directory.resolve("qsd.log");
    List<String> command =
        new ArrayList<>(List.of("qemu-storage-daemon", "--blockdev", blockdev, "--export"));
    command.add(
        "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=%s,writable=%s,num-queues=%d"
            .formatted(socket, writable, queues));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    QemuStorageDaemon daemon = new QemuStorageDaemon(process, socket);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!isListening(socket)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        daemon.close();
        throw new AssertionError("qemu-storage-daemon: " + Files.readString(log));
      }
      LockSupport.parkNanos(5_000_000);
    }
    return daemon;
  }

  /**
   * Whether somebody listens: the file is there from bind on, a while earlier. A connection would
   * tell as well, but it would be the one front-end that the daemon serves.
   */
  private static boolean isListening(Path socket) throws IOException {
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
      return sockets
          .map(line -> line.split(" +"))
          .anyMatch(fields ->
              fields[fields.length - 1].equals(socket.toString())
                  && fields[FLAGS_FIELD].equals(LISTENING));
    }
  }

  public Path socket() {
    return socket;
  }

  /** SIGSTOP: connected, and deaf. */
  public void stopResponding() throws IOException {
    new ProcessBuilder("kill", "-STOP", Long.toString(process.pid())).start().onExit().join();
  }

  /** SIGKILL, and gone. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("qemu-storage-daemon ends").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
    }
  }
}
