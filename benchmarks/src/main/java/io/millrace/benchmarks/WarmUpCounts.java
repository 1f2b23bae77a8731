package io.millrace.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/**
 * Requests that were done in each step of the machine's clock, which all processes share, since a
 * load began.
 *
 * @param firstStep of the clock: its nanoseconds by those of a step
 * @param counts one a step
 */
record WarmUpCounts(long firstStep, List<Long> counts) {
  /** What one count is of: a whole number of them is a slice of {@link TimeSlicer#SLICE}. */
  static final Duration STEP = Duration.ofMillis(10);

  /** The step that a time of {@link System#nanoTime} is in. */
  static long step(long nanoTime) {
    return nanoTime / STEP.toNanos();
  }

  /**
   * What was done in some steps, as a share of what another load saw done in the same.
   *
   * @param from the first step, from this one's beginning
   * @param to the step after the last one
   * @throws IOException if the other one was not there all the time, or saw nothing done
   */
  double share(WarmUpCounts other, int from, int to) throws IOException {
    double peak = other.sum(firstStep + from, firstStep + to);
    if (peak == 0) {
      throw new IOException("the server that is compared with did nothing meanwhile");
    }
    return sum(firstStep + from, firstStep + to) / peak;
  }

  /** Requests of some steps of the clock. */
  long sum(long fromStep, long toStep) throws IOException {
    if (fromStep < firstStep || toStep > firstStep + counts.size()) {
      throw new IOException(
          "a load counted from step %d to %d, and not from %d to %d"
              .formatted(firstStep, firstStep + counts.size(), fromStep, toStep));
    }
    int from = (int) (fromStep - firstStep);
    return counts.subList(from, from + (int) (toStep - fromStep)).stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  /** One line of text. */
  String line() {
    StringJoiner words = new StringJoiner(" ").add(Long.toString(firstStep));
    for (long count : counts) {
      words.add(Long.toString(count));
    }
    return words.toString();
  }

  /** What such a line says. */
  static WarmUpCounts parse(String line) throws IOException {
    try {
      List<Long> words = Arrays.stream(line.split(" ", -1)).map(Long::valueOf).toList();
      return new WarmUpCounts(words.getFirst(), words.subList(1, words.size()));
    } catch (NumberFormatException e) {
      throw new IOException("the load printed something that is no count: " + line, e);
    }
  }
}
