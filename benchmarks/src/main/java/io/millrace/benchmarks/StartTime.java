package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From exec of a server to a socket that takes a connection, on all cores: Millrace, and SPDK's
 * vhost in turn with it.
 */
final class StartTime {
  private static final String ALL_CORES = "0-" + (Runtime.getRuntime().availableProcessors() - 1);

  private StartTime() {}

  /** The median of {@code runs} starts; a first one, which fills the page cache, is not counted. */
  static List<Figure> measure(Peers peers, @Nullable Spdk spdk, int runs)
      throws IOException, InterruptedException {
    Path work = peers.work();
    List<Double> millis = new ArrayList<>();
    List<Double> others = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i <= runs; i++) {
      double ours = start(peers.millraceNulls("start", 1), work);
      double other = spdk == null ? Double.NaN : start(spdk.nullDisk("start-spdk", false), work);
      if (i > 0) {
        millis.add(ours);
        others.add(other);
        ratios.add(ours / other);
      }
    }
    List<Figure> figures = new ArrayList<>();
    Spread spread = Spread.of(millis);
    figures.add(
        new Figure(
                "start: exec to a connectable socket, %d starts".formatted(runs),
                spread.median(),
                spread.format(0) + " ms",
                Figure.Bar.below(500, "< 500 ms"),
                List.of())
            .withValues(millis));
    String what = "start: millrace / " + Spdk.NAME;
    Figure.Bar bar = Figure.Bar.atMost(1.5, "<= 1.5 (aim 0.8)");
    figures.add(
        spdk == null
            ? Figure.refused(what, bar, "no SPDK")
            : new Figure(
                    what,
                    Spread.of(ratios).median(),
                    "%s (SPDK %s ms)"
                        .formatted(
                            Spread.of(ratios).formatWithInterval(2), Spread.of(others).format(0)),
                    bar,
                    List.of())
                .withValues(ratios));
    return figures;
  }

  /** Milliseconds from exec to a connection. */
  static double start(Contender.Server server, Path work) throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (Child _ = server.start("start", ALL_CORES, work)) {
      return (System.nanoTime() - start) / (double) Duration.ofMillis(1).toNanos();
    }
  }
}
