package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From exec of a server, whose forerunner was killed amid requests, to the first request done: with
 * our driver, which connects again as soon as somebody listens. Millrace, and SPDK's vhost in turn
 * with it, on one image past the page cache, on all cores.
 */
final class RestartTime {
  private static final String WHAT = "restart: exec to the first request done after kill -9, ";
  private static final String ALL_CORES = "0-" + (Runtime.getRuntime().availableProcessors() - 1);
  private static final Figure.Bar BAR = Figure.Bar.below(1000, "< 1000 ms");

  /** A server that is killed and started again, and what came of it in each round. */
  private static final class Side {
    private final String name;
    private final Contender.Server server;
    private final boolean packed;
    private final Figure.@Nullable Bar bar;
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> running = new ArrayList<>();
    private int lost;
    private @Nullable String failure;

    Side(String name, Contender.Server server, boolean packed, Figure.@Nullable Bar bar) {
      this.name = name;
      this.server = server;
      this.packed = packed;
      this.bar = bar;
    }

    void round(Path work, boolean counts) throws InterruptedException {
      if (failure != null) {
        return;
      }
      try {
        kill(work, counts);
      } catch (IOException e) {
        failure = e.getMessage();
      }
    }

    private void kill(Path work, boolean counts) throws IOException, InterruptedException {
      Child first = server.start("restart", ALL_CORES, work);
      try (RestartLoad load = new RestartLoad(server.socket(), packed)) {
        load.run();
        first.process().destroyForcibly().waitFor();
        first.close();
        long exec = System.nanoTime();
        try (Child _ = Child.start("restarted", ALL_CORES, server.command(), work)) {
          load.reconnect();
          double up = millisSince(exec);
          load.awaitOne();
          double done = millisSince(exec);
          int missing = load.finish();
          if (counts) {
            running.add(up);
            millis.add(done);
            lost += missing;
          }
        }
      } finally {
        first.close();
      }
    }

    private static double millisSince(long start) {
      return (System.nanoTime() - start) / (double) Duration.ofMillis(1).toNanos();
    }

    Figure figure() {
      String reason = failure;
      if (reason != null) {
        return Figure.refused(WHAT + name, bar, reason);
      }
      Spread spread = Spread.of(millis);
      List<String> remarks =
          lost == 0 ? List.of() : List.of("%d requests were never done".formatted(lost));
      return new Figure(
              WHAT + name,
              spread.median(),
              String.format(
                  Locale.ROOT,
                  "%s ms (its rings run after %.0f ms)",
                  spread.format(0),
                  Spread.of(running).median()),
              bar,
              remarks)
          .withValues(millis)
          .withDetails(Map.of("requests never done", (double) lost));
    }
  }

  private RestartTime() {}

  /** The median of {@code rounds} kills; a first one, which fills caches, is not counted. */
  static List<Figure> measure(Peers peers, @Nullable Spdk spdk, Path image, int rounds)
      throws InterruptedException {
    List<Side> sides = new ArrayList<>();
    for (boolean packed : List.of(false, true)) {
      String format = packed ? "packed" : "split";
      String name = "restart-" + format;
      sides.add(
          new Side("millrace, " + format, peers.millraceFile(name, image, true), packed, BAR));
      if (spdk != null) {
        sides.add(
            new Side(
                Spdk.NAME + ", " + format,
                spdk.file(name + "-spdk", "aio", image, packed),
                packed,
                null));
      }
    }
    for (int round = 0; round <= rounds; round++) {
      for (Side side : sides) {
        side.round(peers.work(), round > 0);
      }
    }
    List<Figure> figures = new ArrayList<>(sides.stream().map(Side::figure).toList());
    if (spdk == null) {
      figures.add(Figure.refused(WHAT + Spdk.NAME, null, "no SPDK"));
    }
    return figures;
  }
}
