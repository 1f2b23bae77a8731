package io.millrace.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * All sides at given rates: what a request takes and what the server costs. The load does not wait
 * for the device: requests begin at their time, however many are under way.
 *
 * @param name a table heading
 * @param rates requests a second; none for shares of what the slowest side can do
 * @param slice that a side runs before the next one has its turn
 */
record LatencyCell(String name, Lineup lineup, List<Long> rates, Duration slice)
    implements Measurement {
  private static final int[] PERCENTS = {10, 50, 80};

  /** Of the run that finds the peak. */
  private static final int PEAK_DEPTH = 32;

  private static final int PEAK_ROUNDS = 3;

  /** More than are ever under way below the peak. */
  private static final int OPEN_DEPTH = 256;

  /**
   * A request that is under way when its side is stopped waits for the other sides. With a slice of
   * some thousand requests these stay beyond the 99.9th percentile.
   */
  static final Duration SLICE = Duration.ofMillis(100);

  /** Share of the rate below which a side did not keep up. */
  private static final double HELD = 0.97;

  @Override
  public List<Figure> run(Stage stage) throws IOException, InterruptedException {
    Workload peakLoad = Workload.random("randread", PEAK_DEPTH);
    List<Figure> figures = new ArrayList<>();
    if (!rates.isEmpty()) {
      for (long rate : rates) {
        figures.addAll(at("%s, %d IOPS".formatted(name, rate), rate, stage));
      }
      return figures;
    }
    Rounds peaks =
        stage.rounds(name + ", the peak", lineup, peakLoad, TimeSlicer.SLICE, PEAK_ROUNDS);
    int slowest =
        IntStream.range(0, lineup.size())
            .filter(side -> peaks.failure(side) == null)
            .boxed()
            .min((a, b) -> Double.compare(peak(peaks, a), peak(peaks, b)))
            .orElseThrow(() -> new IOException("no side of it runs: " + peaks.failures()));
    for (int percent : PERCENTS) {
      long rate = Math.max(1, Math.round(peak(peaks, slowest) * percent / 100));
      String heading =
          "%s at %d %% of %s's peak, %d IOPS".formatted(name, percent, lineup.name(slowest), rate);
      figures.addAll(at(heading, rate, stage));
    }
    return figures;
  }

  private static double peak(Rounds peaks, int side) {
    return peaks.median(side, Contest.Result::iops);
  }

  private List<Figure> at(String heading, long rate, Stage stage)
      throws IOException, InterruptedException {
    Workload workload = Workload.random("randread", OPEN_DEPTH).atRate(rate);
    Rounds rounds = stage.rounds(heading, lineup, workload, slice);
    List<Figure> figures = new ArrayList<>();
    for (int side = 0; side < lineup.size(); side++) {
      Figure figure = Cell.absolute(heading, rounds, side);
      double held = figure.value() / rate;
      figures.add(
          !figure.isMeasured() || held >= HELD
              ? figure
              : new Figure(
                      figure.what(),
                      figure.value(),
                      figure.text(),
                      null,
                      List.of(
                          String.format(
                              Locale.ROOT, "it did %.0f %% of that rate only", held * 100)))
                  .withValues(figure.values())
                  .withDetails(figure.details()));
    }
    return figures;
  }
}
