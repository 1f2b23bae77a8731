package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What a disk costs in memory whose front-end is connected, has used it once and now rests. */
final class IdleMemory {
  private static final int MORE_DISKS = 100;
  private static final Duration SETTLE = Duration.ofSeconds(1);

  private IdleMemory() {}

  /** A server's resident memory in KiB, without what its front-ends share with it. */
  private record Resident(long all, long shared) {
    long own() {
      return all - shared;
    }
  }

  /** A server with so many disks. */
  interface Server {
    Contender.Server with(String name, int disks);
  }

  /** The difference between 1 and 101 disks, for each of them. */
  static Figure measure(String who, Server server, Path work)
      throws IOException, InterruptedException {
    Resident one = resident(who, server, 1, work);
    Resident many = resident(who, server, 1 + MORE_DISKS, work);
    double each = (many.own() - one.own()) / (double) MORE_DISKS;
    return new Figure(
        "memory: an attached idle disk of " + who,
        each,
        String.format(
            Locale.ROOT,
            "%.1f KiB (server with 1 disk: %d KiB, with %d: %d KiB)",
            each,
            one.own(),
            1 + MORE_DISKS,
            many.own()),
        null,
        List.of());
  }

  private static Resident resident(String who, Server server, int disks, Path work)
      throws IOException, InterruptedException {
    String name = "memory-" + who;
    Contender.Server running = server.with(name, disks);
    try (Child child = running.start(name + "-server", Contest.SERVER_CORE, work)) {
      List<String> command =
          DiskSwarm.command(
              work.resolve(name), new DiskSwarm.Shape(disks, 0, 1), Duration.ZERO, Duration.ZERO);
      try (Child load = Child.start(name + "-load", Contest.LOAD_CORE, command, work)) {
        load.awaitPrinted(DiskSwarm.ATTACHED);
        Thread.sleep(SETTLE);
        return resident(child.process());
      }
    }
  }

  private static Resident resident(Process process) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"));
    return new Resident(kib(lines, "VmRSS:"), kib(lines, "RssShmem:"));
  }

  private static long kib(List<String> lines, String field) throws IOException {
    for (String line : lines) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no " + field + " in /proc/PID/status");
  }
}
