package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How fast a server is that has just started, and a disk that was just added to a running one: the
 * share of what a server does that is warm, in the same moments ({@link WarmUpContest}), by a load
 * that is warm and waits for the socket, or comes a second later. The server has one core for its
 * compiler and its requests.
 */
final class WarmUp {
  private static final int STARTS = 15;
  private static final Duration ALONE = Duration.ofSeconds(1);

  /** Steps in which a side has a tenth of a second of its own: it runs half of the time. */
  private static final int TENTH = (int) (200 / WarmUpCounts.STEP.toMillis());

  /** What is drawn: one point for each tenth. */
  private static final int POINTS = (int) (WarmUpContest.OWN_TIME.toMillis() / 100);

  private WarmUp() {}

  /**
   * What was counted at once of a cold and of a warm server.
   *
   * @param warm for longer, before and after
   */
  record Run(WarmUpCounts cold, WarmUpCounts warm) {
    /** The share in some tenths of a second of its own. */
    double share(int fromTenth, int toTenth) throws IOException {
      return cold.share(warm, fromTenth * TENTH, toTenth * TENTH);
    }

    /** Requests a second of the warm server's own time. */
    double peak() throws IOException {
      long first = cold.firstStep();
      return warm.sum(first, first + (long) POINTS * TENTH)
          / (double) WarmUpContest.OWN_TIME.toSeconds();
    }
  }

  /** Several starts and additions, the median of each share. */
  static List<Figure> measure(Peers peers) throws IOException, InterruptedException {
    List<Run> started = new ArrayList<>();
    List<Run> added = new ArrayList<>();
    List<Run> alone = new ArrayList<>();
    Path work = peers.work();
    try (WarmUpContest contest = WarmUpContest.start(peers.millraceNulls("warm-other", 1), work)) {
      for (int i = 0; i < STARTS; i++) {
        WarmUpCounts start;
        WarmUpCounts addition;
        Contender.Server server = peers.millraceNulls("warm", 1);
        try (WarmUpContest.Turn turn = contest.begin(server)) {
          turn.expect(server.socket());
          start = turn.count();
          Path more = peers.socket("warm", 1);
          Files.deleteIfExists(more); // a server's that ended otherwise than asked
          turn.expect(more);
          add(work, more);
          addition = turn.count();
        }
        WarmUpCounts warm = contest.end();
        started.add(new Run(start, warm));
        added.add(new Run(addition, warm));
        alone.add(afterASecond(peers, contest));
      }
    }
    List<Figure> figures = new ArrayList<>();
    figures.addAll(figures("after a start", started));
    figures.addAll(figures("after a start and a second alone", alone));
    figures.addAll(figures("after a disk is added", added));
    return figures;
  }

  /** Of a server that nobody came to for a second, as when a machine starts its guests. */
  private static Run afterASecond(Peers peers, WarmUpContest contest)
      throws IOException, InterruptedException {
    Contender.Server server = peers.millraceNulls("alone", 1);
    WarmUpCounts cold;
    try (WarmUpContest.Turn turn = contest.begin(server)) {
      turn.awaitSocket(server.socket());
      Thread.sleep(ALONE);
      turn.expect(server.socket());
      cold = turn.count();
    }
    return new Run(cold, contest.end());
  }

  private static void add(Path work, Path socket) throws IOException {
    Path rpc = work.resolve("warm.rpc");
    Rpc.call(
        rpc,
        "bdev_null_create",
        "\"name\": \"more\", \"num_blocks\": %d, \"block_size\": %d"
            .formatted(Peers.DISK_BYTES / Peers.BLOCK_BYTES, Peers.BLOCK_BYTES));
    Rpc.call(
        rpc,
        "vhost_create_blk_controller",
        "\"ctrlr\": \"%s\", \"dev_name\": \"more\"".formatted(socket.getFileName()));
  }

  /** Of some runs: shares in the first times, the share after half a second, and the curve. */
  static List<Figure> figures(String when, List<Run> runs) throws IOException {
    List<Figure> figures = new ArrayList<>();
    figures.add(
        figure(
            "warm-up, %s: share of peak in the first 0.1 s".formatted(when),
            runs,
            0,
            1,
            Figure.Bar.atLeast(0.2, ">= 0.2 (aim 0.5)")));
    figures.add(
        figure(
            "warm-up, %s: share of peak 0.5 to 1 s after".formatted(when), // one tenth is luck
            runs,
            5,
            10,
            Figure.Bar.atLeast(0.95, ">= 0.95 (aim 1.0)")));
    for (int tenths : new int[] {3, 10, 20}) {
      String first = String.format(Locale.ROOT, "%.1f s", tenths / 10.0);
      figures.add(
          figure(
              "warm-up, %s: share of peak in the first %s".formatted(when, first),
              runs,
              0,
              tenths,
              null));
    }
    figures.add(curve(when, runs));
    return figures;
  }

  private static Figure figure(
      String what, List<Run> runs, int fromTenth, int toTenth, Figure.@Nullable Bar bar)
      throws IOException {
    List<Double> shares = new ArrayList<>();
    for (Run run : runs) {
      shares.add(run.share(fromTenth, toTenth));
    }
    Spread spread = Spread.of(shares);
    return new Figure(what, spread.median(), spread.format(2), bar, List.of()).withValues(shares);
  }

  /** The share in each tenth of a second, for a plot; the number is the peak. */
  private static Figure curve(String when, List<Run> runs) throws IOException {
    Map<String, Double> points = new LinkedHashMap<>();
    for (int i = 0; i < POINTS; i++) {
      Figure point = figure("", runs, i, i + 1, null);
      points.put(String.format(Locale.ROOT, "share_at_%.2f_s", (i + 0.5) / 10), point.value());
    }
    List<Double> peaks = new ArrayList<>();
    for (Run run : runs) {
      peaks.add(run.peak());
    }
    Spread peak = Spread.of(peaks);
    String text = String.format(Locale.ROOT, "%.0f thousand IOPS", peak.median() / 1000);
    return new Figure("warm-up, %s: the peak".formatted(when), peak.median(), text, null, List.of())
        .withValues(peaks)
        .withDetails(points);
  }
}
