package io.millrace.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lines a guest's script reports, in order, as they come. A thread reads them until QEMU ends;
 * tests wait for the next one that matters. A line that starts with {@code FAIL} fails whoever
 * waits.
 */
final class GuestLog {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<String> lines = new ArrayList<>();
  private int awaited; // lines before this index were passed by await
  private String ended; // how QEMU did; null while the report may go on
  private SocketChannel speaker; // null until the guest's QEMU has connected, or if it does not

  /**
   * From the standard output of this QEMU.
   *
   * @param folder of {@code NAME-report.log}, a copy, and {@code NAME-qemu.log}, QEMU's messages
   */
  static GuestLog read(Process qemu, Path folder, String name) throws IOException {
    GuestLog log = new GuestLog();
    PrintWriter file = new PrintWriter(Files.newBufferedWriter(copy(folder, name)), true);
    start(
        name,
        () -> {
          log.pump(qemu.getInputStream(), file);
          log.end(howItEnded(qemu, folder.resolve(name + "-qemu.log")));
        });
    return log;
  }

  /**
   * As {@link #read}, from the first that connects to this socket: a QEMU that is not our child.
   */
  static GuestLog listen(Path socket, Path folder, String name) throws IOException {
    GuestLog log = new GuestLog();
    PrintWriter file = new PrintWriter(Files.newBufferedWriter(copy(folder, name)), true);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    start(
        name,
        () -> {
          log.accept(server, file);
          log.end("hung up");
        });
    return log;
  }

  private static Path copy(Path folder, String name) {
    return folder.resolve(name + "-report.log");
  }

  private static void start(String name, Runnable reading) {
    Thread.ofPlatform().daemon().name(name + "-report").start(reading);
  }

  private static String howItEnded(Process qemu, Path messages) {
    qemu.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(_ -> qemu).join();
    return (qemu.isAlive() ? "closed its output" : "ended with exit code " + qemu.exitValue())
        + Lab.read(messages)
            .lines()
            .reduce((_, last) -> last)
            .map(last -> " (" + last + ")")
            .orElse("");
  }

  /**
   * The next line, after the one awaited last, that starts with this prefix; without the prefix.
   */
  String await(String prefix, Duration limit) throws InterruptedException {
    long remainingNanos = limit.toNanos();
    lock.lock();
    try {
      while (true) {
        while (awaited < lines.size()) {
          String line = lines.get(awaited++);
          if (line.startsWith(prefix)) {
            return line.substring(prefix.length()).strip();
          }
          if (line.startsWith("FAIL")) {
            throw new AssertionError("the guest says: " + line);
          }
        }
        if (ended != null || remainingNanos <= 0) {
          throw new AssertionError(
              "%s before the guest said '%s'; the last it said: %s"
                  .formatted(
                      ended == null ? limit.toSeconds() + " s went by" : "QEMU " + ended,
                      prefix,
                      lines.isEmpty() ? "nothing" : lines.getLast()));
        }
        remainingNanos = changed.awaitNanos(remainingNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends the guest a line, to its second serial port; it has to have reported to a socket. */
  void tell(String line) throws IOException {
    SocketChannel guest;
    lock.lock();
    try {
      guest = speaker;
    } finally {
      lock.unlock();
    }
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining()) {
      guest.write(bytes);
    }
  }

  /** All lines so far. */
  List<String> lines() {
    lock.lock();
    try {
      return List.copyOf(lines);
    } finally {
      lock.unlock();
    }
  }

  private void accept(ServerSocketChannel server, PrintWriter file) {
    try (server) {
      SocketChannel guest = server.accept();
      lock.lock();
      try {
        speaker = guest;
      } finally {
        lock.unlock();
      }
      pump(Channels.newInputStream(guest), file);
    } catch (IOException e) {
      publish("INFO nobody connected to report: " + e.getMessage());
    }
  }

  private void pump(InputStream source, PrintWriter file) {
    try (file;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(source, StandardCharsets.ISO_8859_1))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        file.println(line);
        publish(line);
      }
    } catch (IOException e) {
      publish("INFO the pipe from QEMU broke: " + e.getMessage());
    }
  }

  private void publish(String line) {
    lock.lock();
    try {
      lines.add(line);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void end(String how) {
    lock.lock();
    try {
      ended = how;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
