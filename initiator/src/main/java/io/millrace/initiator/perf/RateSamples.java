package io.millrace.initiator.perf;

/** Gathers {@link Rates} (Welford's running variance). One thread. */
final class RateSamples {
  private long count;
  private double min;
  private double max;
  private double mean;
  private double squares; // sum of squared distances from the mean

  void add(double rate) {
    min = count == 0 ? rate : Math.min(min, rate);
    max = Math.max(max, rate);
    count++;
    double distance = rate - mean;
    mean += distance / count;
    squares += distance * (rate - mean);
  }

  Rates rates() {
    return count == 0
        ? Rates.NONE
        : new Rates(min, max, mean, count < 2 ? 0 : Math.sqrt(squares / (count - 1)), count);
  }
}
