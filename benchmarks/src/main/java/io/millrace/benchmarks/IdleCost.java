package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What disks cost whose rings have carried I/O and now rest, their front-ends still connected:
 * beside the same server with one disk that nobody ever used, which is an idle JVM.
 */
final class IdleCost {
  private static final int ROUNDS = 5;
  private static final Duration ROUND = Duration.ofSeconds(4);
  private static final Duration SETTLE = Duration.ofSeconds(1);
  private static final Duration IN_USE = Duration.ofMillis(1500);
  private static final int DEPTH = 8;

  private IdleCost() {}

  /**
   * Loads every disk of one server for a moment, then freezes the load: its sockets, memory and
   * started rings stay, nothing is offered any more.
   */
  static List<Figure> measure(Peers peers, int disks) throws IOException, InterruptedException {
    Path work = peers.work();
    DiskSwarm.Shape shape = new DiskSwarm.Shape(disks, disks, DEPTH);
    List<String> command = DiskSwarm.command(work.resolve("idle"), shape);
    List<Double> idle = new ArrayList<>();
    List<Double> more = new ArrayList<>();
    Contender.Server used = peers.millraceNulls("idle", disks);
    Contender.Server unused = peers.millraceNulls("unused", 1);
    try (Child server = used.start("idle-server", Contest.SERVER_CORE, work);
        Child load = Child.start("idle-load", Contest.LOAD_CORE, command, work)) {
      load.awaitPrinted(DiskSwarm.ATTACHED);
      load.say(DiskSwarm.line(DEPTH, Duration.ZERO, Duration.ofHours(1)));
      load.awaitCpu(IN_USE.toNanos());
      Child.signal("STOP", load.process());
      try (Child jvm = unused.start("unused-server", Contest.SERVER_CORE, work)) {
        Thread.sleep(SETTLE);
        for (int round = 0; round < ROUNDS; round++) {
          long start = System.nanoTime();
          long before = server.exactCpuNanos();
          long jvmBefore = jvm.exactCpuNanos();
          Thread.sleep(ROUND);
          double nanos = System.nanoTime() - start;
          double share = (server.exactCpuNanos() - before) / nanos;
          idle.add(share * 100);
          more.add(share * 100 - (jvm.exactCpuNanos() - jvmBefore) / nanos * 100);
        }
      }
    }
    Spread spread = Spread.of(more);
    return List.of(
        new Figure(
                "idle: %d disks at rest after I/O, more than an idle JVM".formatted(disks),
                spread.median(),
                String.format(
                    Locale.ROOT,
                    "%s %% of a core (with the JVM: %.3f %%)",
                    spread.format(3),
                    Spread.of(idle).median()),
                Figure.Bar.atMost(0.5, "<= 0.5 (aim 0.05)"),
                List.of())
            .withValues(more));
  }
}
