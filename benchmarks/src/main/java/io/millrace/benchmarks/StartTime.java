package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** From exec of {@code millrace serve} to a socket that takes a connection, on all cores. */
final class StartTime {
  private static final String ALL_CORES = "0-" + (Runtime.getRuntime().availableProcessors() - 1);

  private StartTime() {}

  /** The median of {@code runs} starts; a first one, which fills the page cache, is not counted. */
  static Figure measure(Contender.Server server, Path work, int runs)
      throws IOException, InterruptedException {
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i <= runs; i++) {
      long start = System.nanoTime();
      try (Child _ = server.start("start", ALL_CORES, work)) {
        double took = (System.nanoTime() - start) / (double) Duration.ofMillis(1).toNanos();
        if (i > 0) {
          millis.add(took);
        }
      }
    }
    Spread spread = Spread.of(millis);
    return new Figure(
        "start: exec to a connectable socket, %d starts".formatted(runs),
        spread.median(),
        spread.format(0) + " ms",
        Figure.Bar.below(800, "< 800 ms (aim 400)"),
        List.of());
  }
}
