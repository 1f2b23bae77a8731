package io.millrace.benchmarks;

import java.util.List;
import java.util.function.DoublePredicate;
import org.jspecify.annotations.Nullable;

/**
 * One line of the result.
 *
 * @param what what was measured
 * @param value the number that the bar is about
 * @param text the number as a person reads it, with its unit and spread
 * @param bar what is asked of it; null for a figure that only informs
 * @param remarks what a reader must know to judge it
 */
record Figure(String what, double value, String text, @Nullable Bar bar, List<String> remarks) {
  /** What is asked of a figure, in words and as a test. */
  record Bar(String text, DoublePredicate test) {
    static Bar atLeast(double least, String text) {
      return new Bar(text, value -> value >= least);
    }

    static Bar below(double limit, String text) {
      return new Bar(text, value -> value < limit);
    }

    static Bar atMost(double limit, String text) {
      return new Bar(text, value -> value <= limit);
    }

    static Bar within(double low, double high, String text) {
      return new Bar(text, value -> value >= low && value <= high);
    }
  }

  /** "met", "NOT MET", or nothing where nothing is asked. */
  String verdict() {
    if (bar == null) {
      return "";
    }
    return bar.test.test(value) ? "met" : "NOT MET";
  }

  String barText() {
    return bar == null ? "" : bar.text;
  }
}
