package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a disk costs in memory whose front-end is connected, has used it once and now rests. */
final class IdleMemory {
  private static final int MORE_DISKS = 100;

  /** A heap grows in steps, now sooner and now later. */
  private static final int STARTS = 3;

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

  /** The difference between 1 and 101 disks, for each of them; the median of some starts. */
  static Figure measure(String who, Server server, Path work)
      throws IOException, InterruptedException {
    Spread one = resident(who, server, 1, work);
    Spread many = resident(who, server, 1 + MORE_DISKS, work);
    double each = (many.median() - one.median()) / MORE_DISKS;
    return new Figure(
        "memory: an attached idle disk of " + who,
        each,
        String.format(
            Locale.ROOT,
            "%.1f KiB (server with 1 disk: %s KiB, with %d: %s KiB)",
            each,
            one.format(0),
            1 + MORE_DISKS,
            many.format(0)),
        null,
        List.of());
  }

  private static Spread resident(String who, Server server, int disks, Path work)
      throws IOException, InterruptedException {
    List<Double> kib = new ArrayList<>();
    for (int i = 0; i < STARTS; i++) {
      kib.add((double) residentOnce(who, server, disks, work).own());
    }
    return Spread.of(kib);
  }

  private static Resident residentOnce(String who, Server server, int disks, Path work)
      throws IOException, InterruptedException {
    String name = "memory-" + who;
    Contender.Server running = server.with(name, disks);
    try (Child child = running.start(name + "-server", Contest.SERVER_CORE, work)) {
      List<String> command =
          DiskSwarm.command(work.resolve(name), new DiskSwarm.Shape(disks, 0, 1));
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
