package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link RingRoundTrip} under JMH. */
final class RingCost {
  private RingCost() {}

  /** One figure for each format and depth. */
  static List<Figure> measure() throws RunnerException {
    var options =
        new OptionsBuilder()
            .include(RingRoundTrip.class.getName())
            .verbosity(VerboseMode.SILENT)
            .build();
    List<Figure> figures = new ArrayList<>();
    for (RunResult run : new Runner(options).run()) {
      Result<?> result = run.getPrimaryResult();
      figures.add(
          new Figure(
              "%s ring round trip in one thread, null, depth %s"
                  .formatted(
                      run.getParams().getParam("format").toLowerCase(Locale.ROOT),
                      run.getParams().getParam("depth")),
              result.getScore(),
              String.format(
                  Locale.ROOT,
                  "%.1f +- %.1f ns a request (JMH)",
                  result.getScore(),
                  result.getScoreError()),
              null,
              List.of()));
    }
    return figures;
  }
}
