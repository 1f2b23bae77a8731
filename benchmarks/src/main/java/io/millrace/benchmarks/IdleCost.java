package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What disks cost whose rings have carried I/O and now rest, their front-ends still connected. */
final class IdleCost {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(10);
  private static final Duration SETTLE = Duration.ofSeconds(1);
  private static final Duration IN_USE = Duration.ofMillis(1500);

  private IdleCost() {}

  /**
   * Loads every disk of one server for a moment, then freezes the load: its sockets, memory and
   * started rings stay, nothing is offered any more.
   */
  static Figure measure(Peers peers, int disks) throws IOException, InterruptedException {
    Path work = peers.work();
    Contender.Server server = peers.millraceNulls("idle", disks);
    DiskSwarm.Shape shape = new DiskSwarm.Shape(disks, disks, 8);
    List<String> command =
        DiskSwarm.command(work.resolve("idle"), shape, Duration.ZERO, Duration.ofHours(1));
    try (Child child = server.start("idle-server", Contest.SERVER_CORE, work);
        Child load = Child.start("idle-load", Contest.LOAD_CORE, command, work)) {
      load.awaitPrinted(DiskSwarm.ATTACHED);
      load.awaitCpu(IN_USE.toNanos());
      Child.signal("STOP", load.process());
      Thread.sleep(SETTLE);
      long cpu = child.cpuNanos();
      long start = System.nanoTime();
      Thread.sleep(LONG_ENOUGH);
      double share = (child.cpuNanos() - cpu) / (double) (System.nanoTime() - start);
      return new Figure(
          "idle: %d disks at rest after I/O".formatted(disks),
          share,
          String.format(Locale.ROOT, "%.2f %% of one core", share * 100),
          Figure.Bar.below(0.01, "< 1 %"),
          List.of());
    }
  }
}
