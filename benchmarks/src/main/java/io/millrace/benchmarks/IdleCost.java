package io.millrace.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What disks cost whose rings have carried I/O and now rest, their front-ends still connected. */
final class IdleCost {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(10);
  private static final Duration SETTLE = Duration.ofSeconds(1);

  private IdleCost() {}

  /**
   * Loads every disk of one server for a moment, then freezes the loads: their sockets, memory and
   * started rings stay, nothing is offered any more.
   */
  static Figure measure(Peers peers, int disks) throws IOException, InterruptedException {
    Contender.Server server = peers.millraceNulls("idle", disks);
    List<Child> loads = new ArrayList<>();
    try (Child child = server.start("idle-server", Contest.SERVER_CORE, peers.work())) {
      try {
        for (int i = 0; i < disks; i++) {
          List<String> command = peers.load(peers.socket("idle", i), 8, 0, 3600);
          Child load = Child.start("idle-load-" + i, Contest.LOAD_CORE, command, peers.work());
          loads.add(load);
          load.awaitCpu(Duration.ofMillis(1500).toNanos()); // a load that polls: by then it has run
          Child.signal("STOP", load.process());
        }
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
      } finally {
        for (Child load : loads) {
          load.close();
        }
      }
    }
  }
}
