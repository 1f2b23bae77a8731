package io.millrace.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code millrace serve} as a process, from the distribution; its log is {@code server.log} in the
 * lab's folder.
 */
final class MillraceServer {
  /** The program of the distribution. */
  static final Path PROGRAM =
      Lab.MODULE.resolveSibling("server").resolve("target/millrace/bin/millrace");

  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

  private final Process process;

  private MillraceServer(Process process) {
    this.process = process;
  }

  /**
   * Serves these disks, each {@code SOCKET=IMAGE[,option…]} with paths in the lab's folder; returns
   * when all sockets are there.
   */
  static MillraceServer serve(Lab lab, String... disks) throws IOException {
    List<String> options = new ArrayList<>();
    List<String> sockets = new ArrayList<>();
    for (String disk : disks) {
      options.addAll(List.of("--blk", disk));
      sockets.add(disk.substring(0, disk.indexOf('=')));
    }
    return serve(lab, options, sockets);
  }

  /** Serves what these options say; returns when these sockets are in the lab's folder. */
  static MillraceServer serve(Lab lab, List<String> options, List<String> sockets)
      throws IOException {
    if (!Files.isExecutable(PROGRAM)) {
      throw new AssertionError(
          "no distribution at "
              + PROGRAM
              + "; build it with: make dist (or mvn -pl server -am package)");
    }
    List<String> command = new ArrayList<>(List.of(PROGRAM.toString(), "serve"));
    command.addAll(options);
    MillraceServer server = new MillraceServer(lab.start(command, "server.log", false));
    for (String name : sockets) {
      Path socket = lab.path(name);
      Await.until(
          "millrace serve to open " + socket.getFileName(),
          START_LIMIT,
          () -> {
            server.requireAlive();
            return Files.exists(socket);
          });
    }
    return server;
  }

  /** Calls a method of a server that listens at {@code rpc.sock} of the lab's folder. */
  static void rpc(Lab lab, String method, String parameters)
      throws IOException, InterruptedException {
    List<String> command = List.of(PROGRAM.toString(), "rpc", "-r", "rpc.sock", method, parameters);
    Process call = lab.start(command, "rpc.log", false);
    if (!call.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || call.exitValue() != 0) {
      throw new AssertionError(method + ": " + Files.readString(lab.path("rpc.log")));
    }
  }

  /**
   * What it has in memory of each mapping of this size of a memfd, in KiB: pages that it, or the
   * kernel on its behalf, has touched there.
   */
  List<Long> residentKib(long mappedBytes) throws IOException {
    List<Long> resident = new ArrayList<>();
    boolean counts = false;
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps"))) {
      if (line.startsWith("Rss:") && counts) {
        resident.add(Long.parseLong(line.replaceAll("\\D", "")));
      } else if (!Character.isUpperCase(line.charAt(0))) {
        String[] range = line.substring(0, line.indexOf(' ')).split("-", -1);
        long bytes = Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16);
        counts = bytes == mappedBytes && line.contains("/memfd:");
      }
    }
    return resident;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** SIGTERM; returns the exit code. */
  int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(
          "millrace serve still runs " + STOP_LIMIT.toSeconds() + " s after SIGTERM");
    }
    return process.exitValue();
  }

  private void requireAlive() {
    if (!process.isAlive()) {
      throw new AssertionError("millrace serve ended with exit code " + process.exitValue());
    }
  }
}
