package io.millrace.benchmarks;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the result.
 *
 * @param what what was measured
 * @param value the number that the bar is about; NaN when there is none
 * @param text the number as a person reads it, with its unit and spread; of a figure that could not
 *     be measured, why
 * @param bar what is asked of it; null for a figure that only informs
 * @param remarks what a reader must know to judge it
 * @param values one for each round, where there are rounds
 * @param details other numbers of the same measurement, by a name that ends in their unit
 */
record Figure(
    String what,
    double value,
    String text,
    @Nullable Bar bar,
    List<String> remarks,
    List<Double> values,
    Map<String, Double> details) {
  /** A figure of one number. */
  Figure(String what, double value, String text, @Nullable Bar bar, List<String> remarks) {
    this(what, value, text, bar, remarks, List.of(), Map.of());
  }

  /** What is asked of a figure: from {@code least} to {@code most}, both included. */
  record Bar(String text, double least, double most) {
    static Bar atLeast(double least, String text) {
      return new Bar(text, least, Double.POSITIVE_INFINITY);
    }

    static Bar below(double limit, String text) {
      return new Bar(text, Double.NEGATIVE_INFINITY, Math.nextDown(limit));
    }

    static Bar atMost(double limit, String text) {
      return new Bar(text, Double.NEGATIVE_INFINITY, limit);
    }

    static Bar within(double low, double high, String text) {
      return new Bar(text, low, high);
    }

    boolean isMetBy(double value) {
      return value >= least && value <= most;
    }
  }

  /** The place of a figure that could not be measured, with the reason in one line. */
  static Figure refused(String what, @Nullable Bar bar, String reason) {
    String line = reason.lines().map(String::strip).reduce((a, b) -> a + " " + b).orElse("");
    return new Figure(what, Double.NaN, "not measured: " + line, bar, List.of());
  }

  /** The same with the values of the rounds. */
  Figure withValues(List<Double> rounds) {
    return new Figure(what, value, text, bar, remarks, List.copyOf(rounds), details);
  }

  /** The same with more numbers. */
  Figure withDetails(Map<String, Double> more) {
    return new Figure(what, value, text, bar, remarks, values, more);
  }

  /** The same with other remarks. */
  Figure withRemarks(List<String> others) {
    return new Figure(what, value, text, bar, List.copyOf(others), values, details);
  }

  boolean isMeasured() {
    return !Double.isNaN(value);
  }

  /** "met", "NOT MET", "NOT MEASURED", or nothing where nothing is asked. */
  String verdict() {
    if (bar == null) {
      return "";
    }
    if (!isMeasured()) {
      return "NOT MEASURED";
    }
    return bar.isMetBy(value) ? "met" : "NOT MET";
  }

  String barText() {
    return bar == null ? "" : bar.text;
  }
}
