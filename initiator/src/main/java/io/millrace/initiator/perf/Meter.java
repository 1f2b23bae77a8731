package io.millrace.initiator.perf;

import org.HdrHistogram.Histogram;

/** Counts and times of one direction of a job. One thread; read when that is joined. Data path. */
final class Meter {
  private final Histogram latencies = Latencies.newHistogram();
  private long ios;
  private long nanos;

  void record(long latencyNanos) {
    ios++;
    // A minute is the last bucket; the histogram throws beyond it.
    latencies.recordValue(Math.min(latencyNanos, Latencies.LARGEST));
  }

  /** Forgets what was recorded. */
  void reset() {
    ios = 0;
    latencies.reset();
  }

  /** Adds a time in which it was measured. */
  void addTime(long measuredNanos) {
    nanos += measuredNanos;
  }

  long ios() {
    return ios;
  }

  Histogram latencies() {
    return latencies;
  }

  /** Adds what another job did at the same time. */
  void merge(Meter other) {
    ios += other.ios;
    nanos = Math.max(nanos, other.nanos);
    latencies.add(other.latencies);
  }

  DirectionResult result(int blockBytes, RateSamples samples) {
    return new DirectionResult(
        ios, ios * blockBytes, ios == 0 ? 0 : nanos, Latencies.of(latencies), samples.rates());
  }
}
