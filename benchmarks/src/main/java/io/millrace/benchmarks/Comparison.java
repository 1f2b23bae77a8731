package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A ratio of one side to another, a value each round.
 *
 * @param side place of the one in its lineup
 * @param against place of the other
 * @param measure what is compared
 * @param bar what is asked of the ratio; null for nothing
 */
record Comparison(int side, int against, Measure measure, Figure.@Nullable Bar bar) {
  /** A server below this share of its core had time left: somebody else set the pace. */
  private static final double FULL = 0.9;

  /** Of IOPS. */
  Comparison(int side, int against, Figure.@Nullable Bar bar) {
    this(side, against, Measure.IOPS, bar);
  }

  /** What is compared. */
  enum Measure {
    IOPS(""),
    P99(", p99 latency");

    private final String suffix;

    Measure(String suffix) {
      this.suffix = suffix;
    }

    double of(Contest.Result result) {
      return switch (this) {
        case IOPS -> result.iops();
        case P99 -> result.latency().p99Micros();
      };
    }
  }

  /** The ratio, or why there is none. */
  Figure figure(String name, Rounds rounds) {
    Lineup lineup = rounds.lineup();
    String what =
        "%s%s: %s / %s".formatted(name, measure.suffix, lineup.name(side), lineup.name(against));
    for (int one : List.of(side, against)) {
      String failure = rounds.failure(one);
      if (failure != null) {
        return Figure.refused(what, bar, failure);
      }
      if (measure == Measure.P99 && !rounds.tells(one, 99, FioReport.Latency::p99Micros)) {
        return Figure.refused(what, bar, "no p99 of %s to trust".formatted(lineup.name(one)));
      }
    }
    List<Double> ratios = rounds.ratios(side, against, measure::of);
    Spread spread = Spread.of(ratios);
    return new Figure(what, spread.median(), spread.formatWithInterval(2), bar, limits(rounds))
        .withValues(ratios);
  }

  /** Who set the pace, where it can be seen: a server that polls always looks busy. */
  private List<String> limits(Rounds rounds) {
    List<String> remarks = new ArrayList<>();
    for (int one : List.of(side, against)) {
      double server = rounds.median(one, Contest.Result::serverBusy);
      double load = rounds.median(one, Contest.Result::loadBusy);
      if (rounds.lineup().contenders().get(one).server() == null || server >= FULL) {
        continue;
      }
      String remark =
          load >= FULL
              ? "limited by the initiator: %s's load used %s of its core, its server %s"
              : "neither was the limit: %s's load used %s of its core, its server %s";
      remarks.add(
          remark.formatted(rounds.lineup().name(one), Cell.percent(load), Cell.percent(server)));
    }
    return remarks;
  }
}
