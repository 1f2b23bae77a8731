package io.millrace.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One load, the sides under it and who is compared with whom.
 *
 * @param name a table heading
 * @param slice that a side runs before the next one has its turn
 */
record Cell(
    String name, Lineup lineup, Workload workload, Duration slice, List<Comparison> comparisons)
    implements Measurement {
  private static final double MIB = 1 << 20;

  /** In slices of the usual length. */
  Cell(String name, Lineup lineup, Workload workload, Comparison... comparisons) {
    this(name, lineup, workload, TimeSlicer.SLICE, List.of(comparisons));
  }

  @Override
  public List<Figure> run(Stage stage) throws IOException, InterruptedException {
    boolean judged = comparisons.stream().anyMatch(comparison -> comparison.bar() != null);
    Rounds rounds =
        judged
            ? stage.judged(name, lineup, workload, slice)
            : stage.rounds(name, lineup, workload, slice);
    List<Figure> figures = new ArrayList<>();
    for (Comparison comparison : comparisons) {
      figures.add(comparison.figure(name, rounds));
    }
    for (int side = 0; side < lineup.size(); side++) {
      figures.add(absolute(name, rounds, side));
    }
    return figures;
  }

  /** What one side did in the time that it had. */
  static Figure absolute(String name, Rounds rounds, int side) {
    String what = "%s: %s".formatted(name, rounds.lineup().name(side));
    String failure = rounds.failure(side);
    if (failure != null) {
      return Figure.refused(what, null, failure);
    }
    boolean hasServer = rounds.lineup().contenders().get(side).server() != null;
    double iops = rounds.median(side, Contest.Result::iops);
    Map<String, Double> details = new LinkedHashMap<>();
    details.put("mibps", rounds.median(side, Contest.Result::bytesPerSecond) / MIB);
    details.put("load_busy_share", rounds.median(side, Contest.Result::loadBusy));
    if (hasServer) {
      details.put("server_busy_share", rounds.median(side, Contest.Result::serverBusy));
      details.put(
          "server_cpu_per_request_ns", rounds.median(side, Contest.Result::serverNanosPerRequest));
    }
    latency(details, rounds, side, "p50", 50, FioReport.Latency::p50Micros);
    latency(details, rounds, side, "p99", 99, FioReport.Latency::p99Micros);
    latency(details, rounds, side, "p99.9", 99.9, FioReport.Latency::p999Micros);
    return new Figure(what, iops, text(iops, details, hasServer), null, List.of())
        .withValues(rounds.values(side, Contest.Result::iops))
        .withDetails(details);
  }

  private static void latency(
      Map<String, Double> details,
      Rounds rounds,
      int side,
      String label,
      double percentile,
      ToDoubleFunction<FioReport.Latency> of) {
    if (rounds.tells(side, percentile, of)) {
      details.put(label + "_us", rounds.median(side, result -> of.applyAsDouble(result.latency())));
    }
  }

  private static String text(double iops, Map<String, Double> details, boolean hasServer) {
    StringBuilder text = new StringBuilder();
    add(text, "%.1f thousand IOPS, ", iops / 1000);
    add(text, "%.0f MiB/s", details.getOrDefault("mibps", 0.0));
    if (hasServer) {
      add(
          text,
          "; server %.0f %% of its core",
          details.getOrDefault("server_busy_share", 0.0) * 100);
      add(text, ", %.0f ns a request", details.getOrDefault("server_cpu_per_request_ns", 0.0));
    }
    add(text, "; load %.0f %%", details.getOrDefault("load_busy_share", 0.0) * 100);
    details.forEach((key, value) -> {
      if (key.startsWith("p")) {
        add(text, "; " + key.replace("_us", "") + " %.2f us", value);
      }
    });
    return text.toString();
  }

  private static void add(StringBuilder text, String format, double value) {
    text.append(String.format(Locale.ROOT, format, value));
  }

  static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", share * 100);
  }
}
