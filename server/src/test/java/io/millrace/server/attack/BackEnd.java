package io.millrace.server.attack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * The process that listens at a socket: one that was found there, or one that is started here, and
 * again after it ended.
 */
final class BackEnd implements AutoCloseable {
  private static final String LISTENING = "00010000"; // __SO_ACCEPTCON
  private static final int FLAGS = 3;
  private static final int INODE = 6;
  private static final int PATH = 7;
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  final Path socket;

  /** What the disk is made of; null where that is not known. */
  final Path image;

  private final List<String> command;
  private final Path log;
  private Process process;
  private long pid = -1;

  private BackEnd(Path socket, List<String> command, Path log, Path image) {
    this.socket = socket;
    this.image = image;
    this.command = command;
    this.log = log;
  }

  /** Whoever listens there. */
  static BackEnd found(Path socket) {
    return new BackEnd(socket, List.of(), null, null);
  }

  /** A program that is going to listen there; what it says goes into a file. */
  static BackEnd started(Path socket, List<String> command, Path log) {
    return new BackEnd(socket, command, log, null);
  }

  /** The same, with a disk of an image that an attack can lay hands on. */
  static BackEnd withImage(Path socket, List<String> command, Path log, Path image) {
    return new BackEnd(socket, command, log, image);
  }

  /** Starts it if it does not run, and waits until it listens. */
  void await() throws IOException {
    if (!command.isEmpty() && (process == null || !process.isAlive())) {
      Files.deleteIfExists(socket);
      process =
          new ProcessBuilder(command)
              .directory(socket.toAbsolutePath().getParent().toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
    }
    long deadline = System.nanoTime() + START_NANOS;
    String inode = listener();
    while (inode == null && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE_NANOS);
      inode = listener();
    }
    if (inode == null) {
      throw new IOException("nobody listens at " + socket);
    }
    pid = process == null ? holder(inode) : process.pid();
  }

  private String listener() throws IOException {
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
      return sockets
          .map(line -> line.strip().split(" +", PATH + 1))
          .filter(fields -> fields.length > PATH && fields[PATH].equals(socket.toString()))
          .filter(fields -> fields[FLAGS].equals(LISTENING))
          .map(fields -> fields[INODE])
          .findFirst()
          .orElse(null);
    }
  }

  private static long holder(String inode) throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .filter(folder -> folder.getFileName().toString().matches("\\d+"))
          .filter(folder -> holds(folder, "socket:[" + inode + "]"))
          .mapToLong(folder -> Long.parseLong(folder.getFileName().toString()))
          .findFirst()
          .orElseThrow(() -> new IOException("the listener's process cannot be looked into"));
    }
  }

  private static boolean holds(Path process, String link) {
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      for (Path one : open.toList()) {
        if (Files.readSymbolicLink(one).toString().equals(link)) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // not ours to look at, or gone meanwhile
    }
    return false;
  }

  boolean isAlive() {
    return process == null ? Files.exists(Path.of("/proc", Long.toString(pid))) : process.isAlive();
  }

  /** Whether it is dead, or is dying right now: a core dump takes its time. */
  boolean dies() {
    long deadline = System.nanoTime() + SETTLE_NANOS / 3;
    while (isAlive() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return !isAlive();
  }

  /** How it ended, as a fact. */
  String end() {
    int status = process == null ? 0 : process.exitValue();
    return status > 128
        ? "the process ended with signal " + (status - 128)
        : "the process ended" + (process == null ? "" : " with status " + status);
  }

  /** The lines that it has said so far. */
  List<String> said() throws IOException {
    if (log == null) {
      throw Verdict.notOffered("its log");
    }
    return Files.readAllLines(log);
  }

  /** Descriptors that it has open. */
  int descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return (int) open.count();
    }
  }

  /** Descriptors that it has open once they no longer change. */
  int stableDescriptors() throws IOException {
    int before;
    int now = descriptors();
    do {
      before = now;
      LockSupport.parkNanos(8 * PAUSE_NANOS);
      now = descriptors();
    } while (now != before);
    return now;
  }

  /** Descriptors that it has open once they are no more than expected, or some time has gone. */
  int settledDescriptors(int expected) throws IOException {
    long deadline = System.nanoTime() + SETTLE_NANOS;
    int now = descriptors();
    while (now > expected && System.nanoTime() < deadline) {
      LockSupport.parkNanos(PAUSE_NANOS);
      now = descriptors();
    }
    return now;
  }

  /** Ends it, if it was started here. */
  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly().onExit().join();
    }
  }
}
