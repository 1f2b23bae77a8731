package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How long a queue stands still while its front-end adds memory that it does not use. */
final class PlugGap {
  private static final int SLICES = 200;
  private static final Duration SLICE = Duration.ofMillis(50);
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final double MILLI = 1e6; // nanoseconds

  private PlugGap() {}

  /** The longest gaps in slices with and without, in turn: the ratio of their medians. */
  static Figure measure(Peers peers) throws IOException, InterruptedException {
    Path work = peers.work();
    List<String> command = PlugLoad.command(work.resolve("plug-0.sock"), SLICES, SLICE);
    String cores = Contest.SERVER_CORE + "," + Contest.LOAD_CORE; // the reactor pins itself
    try (Child _ = peers.millraceNulls("plug", 1).start("plug-server", cores, work);
        Child load = Child.start("plug-load", Contest.LOAD_CORE, command, work)) {
      return figure(load.awaitOutput(LIMIT));
    }
  }

  /** Of what the load printed. */
  static Figure figure(String printed) {
    List<Double> without = new ArrayList<>();
    List<Double> with = new ArrayList<>();
    for (String line : printed.lines().toList()) {
      String[] nanos = line.split(" ", -1);
      without.add(Long.parseLong(nanos[0]) / MILLI);
      with.add(Long.parseLong(nanos[1]) / MILLI);
    }
    Spread calm = Spread.of(without);
    Spread busy = Spread.of(with);
    double ratio = busy.median() / calm.median();
    return new Figure(
        "plug: longest gap of a queue while %d regions are added".formatted(PlugLoad.REGIONS),
        ratio,
        String.format(
            Locale.ROOT,
            "%.2f of that in between (%s ms, and %s ms)",
            ratio,
            busy.format(3),
            calm.format(3)),
        Figure.Bar.atMost(1.5, "<= 1.5"),
        List.of());
  }
}
