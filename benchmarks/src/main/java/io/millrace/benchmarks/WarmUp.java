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
 * share of its own peak, by a load that is warm and waits for the socket, or comes a second later.
 * The server has one core for its compiler and its requests.
 */
final class WarmUp {
  /** A host whose speed changes by a third from second to second: the median of 9 is within 0.1. */
  private static final int STARTS = 21;

  private static final Duration TIME = Duration.ofSeconds(4);
  private static final int STEPS_A_SECOND = (int) (1000 / WarmUpLoad.STEP.toMillis());

  /**
   * The compiler is done after 1 s; a host that gets faster or slower meanwhile makes all shares of
   * a peak that is long after, or short, a matter of luck.
   */
  private static final int PEAK_FROM = 2 * STEPS_A_SECOND;

  private static final Duration ALONE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What is drawn of the first seconds: one point for each tenth. */
  private static final int POINTS = 20;

  private WarmUp() {}

  /** Several starts and additions, the median of each share. */
  static List<Figure> measure(Peers peers) throws IOException, InterruptedException {
    List<long[]> started = new ArrayList<>();
    List<long[]> added = new ArrayList<>();
    List<long[]> alone = new ArrayList<>();
    Path work = peers.work();
    Contender.Server other = peers.millraceNulls("warm-other", 1);
    List<String> command = WarmUpLoad.command(other.socket());
    try (Child load = Child.start("warm-load", Contest.LOAD_CORE, command, work)) {
      try (Child _ = other.start("warm-other", Contest.SERVER_CORE, work)) {
        load.awaitPrinted(WarmUpLoad.WARM);
      }
      load.skipLines();
      for (int i = 0; i < STARTS; i++) {
        Contender.Server server = peers.millraceNulls("warm", 1);
        Files.deleteIfExists(server.socket());
        load.say(WarmUpLoad.line(server.socket(), TIME));
        try (Child _ = server.launch("warm-server", Contest.SERVER_CORE, work)) {
          started.add(counts(load));
          Path more = peers.socket("warm", 1);
          load.say(WarmUpLoad.line(more, TIME));
          add(work, more);
          added.add(counts(load));
        }
        alone.add(afterASecond(peers, load));
      }
    }
    List<Figure> figures = new ArrayList<>();
    figures.addAll(figures("after a start", started));
    figures.addAll(figures("after a start and a second alone", alone));
    figures.addAll(figures("after a disk is added", added));
    return figures;
  }

  /** Of a server that nobody came to for a second, as when a machine starts its guests. */
  private static long[] afterASecond(Peers peers, Child load)
      throws IOException, InterruptedException {
    Contender.Server server = peers.millraceNulls("alone", 1);
    try (Child _ = server.start("warm-alone", Contest.SERVER_CORE, peers.work())) {
      Thread.sleep(ALONE);
      load.say(WarmUpLoad.line(server.socket(), TIME));
      return counts(load);
    }
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

  private static long[] counts(Child load) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      String line = load.nextLine();
      if (line != null) {
        return parse(line);
      }
      Thread.sleep(10);
    }
    throw load.failure("gave no counts in " + PATIENCE.toSeconds() + " s");
  }

  /** The counts of a line, as many as were asked for. */
  static long[] parse(String line) throws IOException {
    String[] words = line.split(" ", -1);
    long[] counts = new long[words.length];
    try {
      for (int i = 0; i < words.length; i++) {
        counts[i] = Long.parseLong(words[i]);
      }
    } catch (NumberFormatException e) {
      throw new IOException("the load printed something that is no count: " + line, e);
    }
    if (counts.length <= PEAK_FROM || share(counts, PEAK_FROM, counts.length, 1) == 0) {
      throw new IOException("the load counted nothing after 2 s");
    }
    return counts;
  }

  /** Requests a step in some of the steps, as a share of {@code peak} a step. */
  private static double share(long[] counts, int from, int to, double peak) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      sum += counts[i];
    }
    return sum / peak / (to - from);
  }

  /** Of some runs: shares in the first times, the share after half a second, and the curve. */
  static List<Figure> figures(String when, List<long[]> runs) {
    int tenth = STEPS_A_SECOND / 10;
    List<Figure> figures = new ArrayList<>();
    figures.add(
        figure(
            "warm-up, %s: share of peak in the first 0.1 s".formatted(when),
            runs,
            0,
            tenth,
            Figure.Bar.atLeast(0.2, ">= 0.2 (aim 0.5)")));
    figures.add(
        figure(
            "warm-up, %s: share of peak 0.5 to 1 s after".formatted(when), // one tenth is luck
            runs,
            5 * tenth,
            10 * tenth,
            Figure.Bar.atLeast(0.95, ">= 0.95 (aim 1.0)")));
    for (int tenths : new int[] {3, 10, 20}) {
      figures.add(
          figure(
              String.format(
                  Locale.ROOT,
                  "warm-up, %s: share of peak in the first %.1f s",
                  when,
                  tenths / 10.0),
              runs,
              0,
              tenths * tenth,
              null));
    }
    figures.add(curve(when, runs, tenth));
    return figures;
  }

  private static Figure figure(
      String what, List<long[]> runs, int from, int to, Figure.@Nullable Bar bar) {
    List<Double> shares = new ArrayList<>();
    for (long[] counts : runs) {
      shares.add(share(counts, from, to, share(counts, PEAK_FROM, counts.length, 1)));
    }
    Spread spread = Spread.of(shares);
    return new Figure(what, spread.median(), spread.format(2), bar, List.of()).withValues(shares);
  }

  /** The share in each tenth of a second, for a plot; the number is the peak. */
  private static Figure curve(String when, List<long[]> runs, int tenth) {
    Map<String, Double> points = new LinkedHashMap<>();
    for (int i = 0; i < POINTS; i++) {
      Figure point = figure("", runs, i * tenth, (i + 1) * tenth, null);
      points.put(String.format(Locale.ROOT, "share_at_%.2f_s", (i + 0.5) / 10), point.value());
    }
    List<Double> peaks =
        runs.stream()
            .map(counts -> share(counts, PEAK_FROM, counts.length, 1) * STEPS_A_SECOND)
            .toList();
    Spread peak = Spread.of(peaks);
    return new Figure(
            "warm-up, %s: the peak".formatted(when),
            peak.median(),
            String.format(Locale.ROOT, "%.0f thousand IOPS", peak.median() / 1000),
            null,
            List.of())
        .withValues(peaks)
        .withDetails(points);
  }
}
