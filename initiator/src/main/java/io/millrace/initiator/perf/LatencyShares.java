package io.millrace.initiator.perf;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Which share of requests took no longer than each of fio's limits, and longer than the one before.
 *
 * @param nanos percent for each of {@link #NANOS}
 * @param micros percent for each of {@link #MICROS}
 * @param millis percent for each of {@link #MILLIS}; the last is beyond 2 s
 */
public record LatencyShares(List<Double> nanos, List<Double> micros, List<Double> millis) {
  /** Limits in nanoseconds. */
  public static final List<Integer> NANOS = List.of(2, 4, 10, 20, 50, 100, 250, 500, 750, 1000);

  /** Limits in microseconds. */
  public static final List<Integer> MICROS = NANOS;

  /** Limits in milliseconds; beyond the last comes one share more. */
  public static final List<Integer> MILLIS =
      List.of(2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000);

  /** Copies the lists. */
  public LatencyShares {
    nanos = List.copyOf(nanos);
    micros = List.copyOf(micros);
    millis = List.copyOf(millis);
  }

  static LatencyShares of(Histogram histogram) {
    List<Double> nanos = shares(histogram, NANOS, 1, 0);
    List<Double> micros = shares(histogram, MICROS, 1000, 1000);
    List<Double> millis = shares(histogram, MILLIS, 1_000_000, 1_000_000);
    double rest = percent(histogram, 2_000_000_001L, Long.MAX_VALUE);
    millis.add(rest);
    return new LatencyShares(nanos, micros, millis);
  }

  private static List<Double> shares(
      Histogram histogram, List<Integer> limits, long unit, long above) {
    List<Double> shares = new ArrayList<>();
    long from = above + 1;
    for (int limit : limits) {
      shares.add(percent(histogram, from, limit * unit));
      from = limit * unit + 1;
    }
    return shares;
  }

  private static double percent(Histogram histogram, long from, long to) {
    long total = histogram.getTotalCount();
    long high = Math.min(to, histogram.getMaxValue());
    return total == 0 || high < from
        ? 0
        : 100.0 * histogram.getCountBetweenValues(from, high) / total;
  }
}
