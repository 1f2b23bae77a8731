package io.millrace.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the sides of a lineup did under one workload.
 *
 * @param all the rounds, each with the sides in order; null for a side from where it failed on
 * @param failures why a side has no figures; null where it has
 */
record Rounds(
    Lineup lineup,
    Workload workload,
    Duration slice,
    List<List<Contest.@Nullable Result>> all,
    List<@Nullable String> failures) {
  /**
   * A request that is under way when its side is stopped waits for the other sides, and that is
   * none of the device's doing. A percentile counts only where such requests are at most half of
   * what is above it.
   */
  private static final double ARTEFACTS = 0.5;

  /** Why nothing can be said of a side; null when it can. */
  @Nullable String failure(int side) {
    return failures.get(side);
  }

  /** Whether no side failed. */
  boolean isComplete() {
    return failures.stream().allMatch(Objects::isNull);
  }

  /** These and later ones of the same lineup under the same workload. */
  Rounds with(Rounds later) {
    List<List<Contest.@Nullable Result>> both = new ArrayList<>(all);
    both.addAll(later.all);
    return new Rounds(lineup, workload, slice, both, later.failures);
  }

  /** One value a round of a side that did not fail. */
  List<Double> values(int side, ToDoubleFunction<Contest.Result> of) {
    List<Double> values = new ArrayList<>();
    for (List<Contest.@Nullable Result> round : all) {
      Contest.Result result = round.get(side);
      if (result != null) {
        values.add(of.applyAsDouble(result));
      }
    }
    return values;
  }

  double median(int side, ToDoubleFunction<Contest.Result> of) {
    return Spread.of(values(side, of)).median();
  }

  /** One ratio a round of two sides that did not fail. */
  List<Double> ratios(int side, int against, ToDoubleFunction<Contest.Result> of) {
    List<Double> values = values(side, of);
    List<Double> others = values(against, of);
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / others.get(i));
    }
    return ratios;
  }

  /** Whether the slices leave a percentile of a side's latency alone, and its load tells it. */
  boolean tells(int side, double percentile, ToDoubleFunction<FioReport.Latency> of) {
    double perSlice = median(side, Contest.Result::iops) * slice.toNanos() / 1e9;
    double above = perSlice * (1 - percentile / 100);
    int underWay = workload.rateIops() > 0 ? 1 : workload.depth();
    return underWay <= above * ARTEFACTS
        && median(side, result -> of.applyAsDouble(result.latency())) > 0;
  }
}
