package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether it was bdevperf that set the pace. A server that polls looks busy whatever it does; but
 * where our own load made the same server answer far more with no more requests at a time, it had
 * time left.
 */
final class Headroom {
  private static final Pattern NAME = Pattern.compile("(.*), depth (\\d+)(, bdevperf)?: (\\S+)");

  /** Of the faster load to the slower one: less may be the day's noise. */
  private static final double FAR_MORE = 1.25;

  private Headroom() {}

  /** What one side did under one load. */
  private record Rate(String disk, int depth, boolean bdevperf, String side, double iops) {
    static Optional<Rate> of(Figure figure) {
      Matcher name = NAME.matcher(figure.what());
      return name.matches()
          ? Optional.of(
              new Rate(
                  name.group(1),
                  Integer.parseInt(name.group(2)),
                  name.group(3) != null,
                  name.group(4),
                  figure.value()))
          : Optional.empty();
    }

    boolean showsTimeLeftIn(Rate other) {
      return !bdevperf
          && disk.equals(other.disk)
          && side.equals(other.side)
          && depth <= other.depth
          && iops >= other.iops * FAR_MORE;
    }
  }

  /** The figures again, those with a remark more where it was. */
  static List<Figure> remarked(List<Figure> figures) {
    Map<String, Rate> rates = new LinkedHashMap<>();
    figures.forEach(figure -> Rate.of(figure).ifPresent(rate -> rates.put(figure.what(), rate)));
    return figures.stream().map(figure -> remarked(figure, rates)).toList();
  }

  private static Figure remarked(Figure ratio, Map<String, Rate> rates) {
    Rate used = rates.get(ratio.what().split(" / ", 2)[0]);
    if (ratio.bar() == null || used == null || !used.bdevperf) {
      return ratio;
    }
    return rates.values().stream()
        .filter(rate -> rate.showsTimeLeftIn(used))
        .max(Comparator.comparingDouble(Rate::iops))
        .map(faster -> remarked(ratio, used, faster))
        .orElse(ratio);
  }

  private static Figure remarked(Figure ratio, Rate used, Rate faster) {
    List<String> remarks = new ArrayList<>(ratio.remarks());
    remarks.add(
        String.format(
            Locale.ROOT,
            "limited by the initiator: our own load made %s answer %.0f thousand at depth %d, and"
                + " not %.0f",
            used.side,
            faster.iops / 1000,
            faster.depth,
            used.iops / 1000));
    return ratio.withRemarks(remarks);
  }
}
