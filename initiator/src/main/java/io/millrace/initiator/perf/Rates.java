package io.millrace.initiator.perf;

/**
 * How a rate moved: requests a second, looked at every half second, as fio does.
 *
 * @param min slowest
 * @param max fastest
 * @param mean average
 * @param stddev standard deviation
 * @param samples how many looks
 */
public record Rates(double min, double max, double mean, double stddev, long samples) {
  /** No look yet. */
  public static final Rates NONE = new Rates(0, 0, 0, 0, 0);
}
