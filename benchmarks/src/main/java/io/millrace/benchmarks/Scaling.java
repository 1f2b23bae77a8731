package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One disk on 1, 2, 4, ... reactors under as many queues of {@code millrace perf}, half of the
 * cores for each. Seconds-long runs, one after the other: what they say is coarse.
 */
final class Scaling {
  private static final int LEAST_PROCESSORS = 4;
  private static final int RUNS = 5;
  private static final Duration RAMP = Duration.ofSeconds(2);
  private static final Duration RUN = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private Scaling() {}

  /** A figure for each number of reactors; one that says so where there are too few processors. */
  static List<Figure> measure(Peers peers, int processors)
      throws IOException, InterruptedException {
    if (processors < LEAST_PROCESSORS) {
      return List.of(
          Figure.refused(
              "scaling: IOPS by reactors",
              null,
              "%d processors here, it takes %d".formatted(processors, LEAST_PROCESSORS)));
    }
    List<Figure> figures = new ArrayList<>();
    for (int reactors = 1; reactors <= processors / 2; reactors *= 2) {
      figures.add(measureOne(peers, reactors, processors / 2));
    }
    return figures;
  }

  /**
   * One figure.
   *
   * @param firstLoadCore where the cores of the load begin, as many as reactors
   */
  static Figure measureOne(Peers peers, int reactors, int firstLoadCore)
      throws IOException, InterruptedException {
    Path work = peers.work();
    Contender.Server server = peers.millraceNullOn("scaling", reactors);
    String loadCores = "%d-%d".formatted(firstLoadCore, firstLoadCore + reactors - 1);
    List<Double> iops = new ArrayList<>();
    try (Child _ = server.start("scaling-server", "0-" + (reactors - 1), work)) {
      for (int run = 0; run < RUNS; run++) {
        List<String> command = peers.perf(server.socket(), reactors, loadCores, RAMP, RUN);
        try (Child load = Child.start("scaling-load", loadCores, command, work)) {
          iops.add(FioReport.parse("scaling-load", load.awaitOutput(PATIENCE)).iops());
        }
      }
    }
    Spread spread = Spread.of(iops);
    return new Figure(
            "scaling: IOPS of a null disk on %d reactors".formatted(reactors),
            spread.median(),
            String.format(
                Locale.ROOT,
                "%.0f thousand IOPS [%.0f..%.0f]",
                spread.median() / 1000,
                spread.min() / 1000,
                spread.max() / 1000),
            null,
            List.of())
        .withValues(iops);
  }
}
