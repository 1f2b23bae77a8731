package io.millrace.benchmarks;

import java.util.List;
import java.util.Locale;

/** What several measurements of one thing say: the middle one and the extremes. */
record Spread(double median, double min, double max) {
  /** Of at least one value; the median of an even count is the mean of the middle two. */
  static Spread of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int half = sorted.length / 2;
    double median = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1]);
  }

  /** For example {@code 1.02 [0.97..1.06]}. */
  String format(int decimals) {
    String one = "%." + decimals + "f";
    return String.format(Locale.ROOT, one + " [" + one + ".." + one + "]", median, min, max);
  }
}
