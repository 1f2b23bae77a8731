package io.millrace.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One load, the sides under it and who is compared with whom.
 *
 * @param name the load, as a table heading
 */
record Cell(String name, List<Contender> contenders, List<Comparison> comparisons)
    implements Measurement {
  /** A server below this share of its core had time left: somebody else set the pace. */
  private static final double LIMIT_BUSY = 0.9;

  private static final double MIB = 1 << 20;

  /** The ratio of one side's IOPS to another's; both are places in the list of contenders. */
  record Comparison(int side, int against, Figure.@Nullable Bar bar) {}

  /** Runs {@code rounds} rounds; progress goes to {@code progress}. */
  List<List<Contest.Result>> rounds(
      Path work, int rounds, Contest.Timing timing, PrintStream progress)
      throws IOException, InterruptedException {
    List<List<Contest.Result>> all = new ArrayList<>();
    try (Contest contest = Contest.open(contenders, work, timing)) {
      for (int i = 1 - roundsToWarmUp(); i <= rounds; i++) {
        progress.print(name + (i > 0 ? ": round %d of %d".formatted(i, rounds) : ": warm-up"));
        List<Contest.Result> round = contest.round();
        round.forEach(side -> progress.printf(" %.0f", side.report().iops() * round.size()));
        progress.println(" IOPS");
        if (i > 0) {
          all.add(round);
        }
      }
    }
    return all;
  }

  private int roundsToWarmUp() {
    return contenders.stream().mapToInt(side -> side.load().roundsToWarmUp()).max().orElse(0);
  }

  @Override
  public List<Figure> run(Path work, int rounds, Contest.Timing timing, PrintStream progress)
      throws IOException, InterruptedException {
    List<List<Contest.Result>> all = rounds(work, rounds, timing, progress);
    List<Figure> figures = new ArrayList<>();
    for (Comparison comparison : comparisons) {
      figures.add(ratio(all, comparison));
    }
    for (int side = 0; side < contenders.size(); side++) {
      figures.add(absolute(all, side));
    }
    return figures;
  }

  private Figure ratio(List<List<Contest.Result>> all, Comparison comparison) {
    Spread spread =
        Spread.of(
            all.stream()
                .map(round ->
                    round.get(comparison.side).report().iops()
                        / round.get(comparison.against).report().iops())
                .toList());
    return new Figure(
        "%s: %s / %s"
            .formatted(
                name,
                contenders.get(comparison.side).name(),
                contenders.get(comparison.against).name()),
        spread.median(),
        spread.format(2),
        comparison.bar,
        notTheLimit(all, comparison));
  }

  private List<String> notTheLimit(List<List<Contest.Result>> all, Comparison comparison) {
    List<String> remarks = new ArrayList<>();
    for (int side : List.of(comparison.side, comparison.against)) {
      if (contenders.get(side).server() != null) {
        double busy = median(all, side, Contest.Result::serverBusy);
        if (busy < LIMIT_BUSY) {
          remarks.add(
              "%s's server was not the limit: it used %s of its core"
                  .formatted(contenders.get(side).name(), percent(busy)));
        }
      }
    }
    return remarks;
  }

  /** What one side did; with N sides in the round robin it ran an N-th of the time. */
  private Figure absolute(List<List<Contest.Result>> all, int side) {
    int sides = contenders.size();
    double iops = median(all, side, result -> result.report().iops() * sides);
    double bytes = median(all, side, result -> result.report().bytesPerSecond() * sides);
    String server =
        contenders.get(side).server() == null
            ? ""
            : ", server's core " + percent(median(all, side, Contest.Result::serverBusy));
    return new Figure(
        "%s: %s".formatted(name, contenders.get(side).name()),
        iops,
        "%s thousand IOPS, %s MiB/s while it ran%s, load's core %s"
            .formatted(
                String.format(Locale.ROOT, "%.0f", iops / 1000),
                String.format(Locale.ROOT, "%.0f", bytes / MIB),
                server,
                percent(median(all, side, Contest.Result::loadBusy))),
        null,
        List.of());
  }

  private static double median(
      List<List<Contest.Result>> all, int side, ToDoubleFunction<Contest.Result> of) {
    return Spread.of(all.stream().map(round -> of.applyAsDouble(round.get(side))).toList())
        .median();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", share * 100);
  }
}
