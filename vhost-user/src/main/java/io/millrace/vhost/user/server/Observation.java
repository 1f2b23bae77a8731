package io.millrace.vhost.user.server;

/**
 * What is wanted to be known of each single request of a controller. One that is not {@link #OFF}
 * costs some readings of the clock for each. Immutable; compared by identity, as each ring does at
 * each look.
 */
final class Observation {
  static final Observation OFF = new Observation(0, 0, false);

  private final int histograms;
  private final long slowNanos;
  private final boolean events;

  private Observation(int histograms, long slowNanos, boolean events) {
    this.histograms = histograms;
    this.slowNanos = slowNanos;
    this.events = events;
  }

  Observation withHistograms(int number) {
    return new Observation(number, slowNanos, events);
  }

  Observation withSlowNanos(long nanos) {
    return new Observation(histograms, nanos, events);
  }

  Observation withEvents(boolean wanted) {
    return new Observation(histograms, slowNanos, wanted);
  }

  /**
   * Number of the histograms that are filled, other ones after each time they are switched on or
   * reset; 0 for none.
   */
  int histograms() {
    return histograms;
  }

  /** A request that takes longer is reported; 0 for none. */
  long slowNanos() {
    return slowNanos;
  }

  /** Whether a flight recording wants an event for each. */
  boolean events() {
    return events;
  }

  boolean isOff() {
    return histograms == 0 && slowNanos == 0 && !events;
  }
}
