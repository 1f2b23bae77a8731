package io.millrace.initiator.perf;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * Latencies in nanoseconds, from submission to completion.
 *
 * @param count requests
 * @param min smallest, 0 without requests
 * @param max largest
 * @param mean average
 * @param stddev standard deviation
 * @param percentiles value by percentile, those that fio prints; empty without requests
 */
public record Latencies(
    long count,
    long min,
    long max,
    double mean,
    double stddev,
    SortedMap<Double, Long> percentiles) {
  /** Of no requests. */
  static final Latencies NONE = new Latencies(0, 0, 0, 0, 0, Collections.emptySortedMap());

  /** Largest latency told apart: one minute. */
  static final long LARGEST = 60_000_000_000L;

  private static final double[] PERCENTILES = {
    1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99
  };

  static Histogram newHistogram() {
    return new Histogram(LARGEST, 3);
  }

  static Latencies of(Histogram histogram) {
    if (histogram.getTotalCount() == 0) {
      return NONE;
    }
    SortedMap<Double, Long> percentiles = new TreeMap<>();
    for (double percentile : PERCENTILES) {
      percentiles.put(percentile, histogram.getValueAtPercentile(percentile));
    }
    return new Latencies(
        histogram.getTotalCount(),
        histogram.getMinValue(),
        histogram.getMaxValue(),
        histogram.getMean(),
        histogram.getStdDeviation(),
        Collections.unmodifiableSortedMap(percentiles));
  }

  /** Value at one of fio's percentiles, 0 without requests. */
  public long at(double percentile) {
    return percentiles.getOrDefault(percentile, 0L);
  }
}
