package io.millrace.initiator.perf;

import org.HdrHistogram.Histogram;

/**
 * Counts and times of one direction of a job. One thread; read when that is joined. Data path.
 *
 * <p>Requests of one batch took the same time, as they began and ended with one reading of the
 * clock each: they are counted together.
 */
final class Meter {
  private final Histogram latencies = Latencies.newHistogram();
  private long ios;
  private long nanos;
  private long sameNanos; // of those that are not in the histogram yet
  private long same;

  void record(long latencyNanos) {
    ios++;
    if (latencyNanos != sameNanos) {
      addSame();
      sameNanos = latencyNanos;
    }
    same++;
  }

  private void addSame() {
    if (same > 0) {
      // A minute is the last bucket; the histogram throws beyond it.
      latencies.recordValueWithCount(Math.min(sameNanos, Latencies.LARGEST), same);
      same = 0;
    }
  }

  /** Forgets what was recorded. */
  void reset() {
    ios = 0;
    same = 0;
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
    addSame();
    return latencies;
  }

  /** Adds what another job did at the same time. */
  void merge(Meter other) {
    ios += other.ios;
    nanos = Math.max(nanos, other.nanos);
    latencies.add(other.latencies());
  }

  DirectionResult result(int blockBytes, RateSamples samples) {
    return new DirectionResult(
        ios, ios * blockBytes, ios == 0 ? 0 : nanos, Latencies.of(latencies()), samples.rates());
  }
}
