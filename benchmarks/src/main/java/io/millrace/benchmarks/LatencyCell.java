package io.millrace.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Latency of all sides at one rate, which is a share of what the slowest of them can do. The load
 * does not wait for the device: requests begin at their time, however many are under way.
 *
 * @param name as a table heading
 * @param sides the sides under a given load
 */
record LatencyCell(String name, Function<Workload, List<Contender>> sides) implements Measurement {
  private static final int[] PERCENTS = {10, 50, 80};

  /** Of the run that finds the peak. */
  private static final int PEAK_DEPTH = 32;

  /** More than are ever under way below the peak. */
  private static final int OPEN_DEPTH = 256;

  /**
   * A request that is under way when its side is stopped waits for the other sides. With a slice of
   * some thousand requests these stay beyond the 99.9th percentile.
   */
  private static final Duration SLICE = Duration.ofMillis(100);

  /** Share of the rate below which a side did not keep up. */
  private static final double HELD = 0.97;

  /** Finds the peak in one round, then takes {@code rounds} at each share of it. */
  @Override
  public List<Figure> run(Path work, int rounds, Contest.Timing timing, PrintStream progress)
      throws IOException, InterruptedException {
    progress.printf("%s: the peak%n", name);
    List<Contender> closed = sides.apply(Workload.random("randread", PEAK_DEPTH));
    List<Contest.Result> peaks;
    try (Contest contest = Contest.open(closed, work, timing)) {
      peaks = contest.round();
    }
    int slowest = 0;
    for (int side = 1; side < peaks.size(); side++) {
      slowest = iops(peaks, side) < iops(peaks, slowest) ? side : slowest;
    }
    double peak = iops(peaks, slowest) * peaks.size();
    List<Figure> figures = new ArrayList<>();
    for (int percent : PERCENTS) {
      long rate = Math.max(1, Math.round(peak * percent / 100));
      String heading =
          "%s at %d %% of %s's peak, %d IOPS"
              .formatted(name, percent, closed.get(slowest).name(), rate);
      Cell cell =
          new Cell(
              heading,
              sides.apply(Workload.random("randread", OPEN_DEPTH).atRate(rate)),
              List.of());
      List<List<Contest.Result>> all = cell.rounds(work, rounds, timing.withSlice(SLICE), progress);
      for (int side = 0; side < closed.size(); side++) {
        figures.add(latency(heading + ": " + closed.get(side).name(), all, side, rate));
      }
    }
    return figures;
  }

  private static double iops(List<Contest.Result> results, int side) {
    return results.get(side).report().iops();
  }

  private static Figure latency(String what, List<List<Contest.Result>> all, int side, long rate) {
    Spread p50 = spread(all, side, FioReport.Latency::p50Micros);
    Spread p99 = spread(all, side, FioReport.Latency::p99Micros);
    Spread p999 = spread(all, side, FioReport.Latency::p999Micros);
    double held =
        Spread.of(all.stream().map(round -> iops(round, side) * round.size()).toList()).median()
            / rate;
    List<String> remarks =
        held >= HELD
            ? List.of()
            : List.of(String.format(Locale.ROOT, "it did %.0f %% of that rate only", held * 100));
    return new Figure(
        what,
        p99.median(),
        "p50 %s, p99 %s, p99.9 %s us".formatted(p50.format(1), p99.format(1), p999.format(1)),
        null,
        remarks);
  }

  private static Spread spread(
      List<List<Contest.Result>> all, int side, ToDoubleFunction<FioReport.Latency> of) {
    return Spread.of(
        all.stream().map(round -> of.applyAsDouble(round.get(side).report().latency())).toList());
  }
}
