package io.millrace.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * What several measurements of one thing say: the middle one, the extremes, and an interval that
 * holds the true median with 95 % confidence.
 *
 * <p>The interval is that of order statistics and assumes nothing about how measurements scatter:
 * each of n values is above the true median with probability 1/2, so the true median lies between
 * the k-th smallest and the k-th largest unless fewer than k values fell on one side of it, which
 * has the probability 2 P(B(n, 1/2) &lt; k). The k taken is the largest for which that is at most 5
 * %: 9 values give the 2nd and the 8th (96.1 %). Fewer than 6 values cannot give 95 %; then it is
 * their whole range.
 *
 * @param low lower end of the interval
 * @param high upper end of the interval
 */
record Spread(double median, double min, double max, double low, double high) {
  private static final double DOUBT = 0.05;

  /** Of at least one value; the median of an even count is the mean of the middle two. */
  static Spread of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int n = sorted.length;
    int half = n / 2;
    double median = n % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    int rank = Math.max(1, rank(n));
    return new Spread(median, sorted[0], sorted[n - 1], sorted[rank - 1], sorted[n - rank]);
  }

  /** The k of the interval, counted from 1; 0 when n values are too few. */
  static int rank(int n) {
    double probability = Math.pow(0.5, n); // of exactly `rank` values below the median
    double below = 0;
    int rank = 0;
    while (2 * (below + probability) <= DOUBT) {
      below += probability;
      probability *= (double) (n - rank) / (rank + 1);
      rank++;
    }
    return rank;
  }

  /** For example {@code 1.02 [0.97..1.06]}: the median and the extremes. */
  String format(int decimals) {
    String one = "%." + decimals + "f";
    return String.format(Locale.ROOT, one + " [" + one + ".." + one + "]", median, min, max);
  }

  /** The same and the interval: {@code 1.02 [0.97..1.06], 95 % 1.00..1.04}. */
  String formatWithInterval(int decimals) {
    String one = "%." + decimals + "f";
    return format(decimals) + String.format(Locale.ROOT, ", 95 %% " + one + ".." + one, low, high);
  }
}
