package io.millrace.vhost.user.server;

/**
 * What is wanted to be known of each single request of a controller. One that is not {@link #OFF}
 * costs some readings of the clock for each.
 *
 * @param histograms number of the histograms that are filled, other ones after each time they are
 *     switched on or reset; 0 for none
 * @param slowNanos a request that takes longer is reported; 0 for none
 * @param events whether a flight recording wants an event for each
 */
record Observation(int histograms, long slowNanos, boolean events) {
  static final Observation OFF = new Observation(0, 0, false);

  Observation withHistograms(int number) {
    return new Observation(number, slowNanos, events);
  }

  Observation withSlowNanos(long nanos) {
    return new Observation(histograms, nanos, events);
  }

  Observation withEvents(boolean wanted) {
    return new Observation(histograms, slowNanos, wanted);
  }

  boolean isOff() {
    return histograms == 0 && slowNanos == 0 && !events;
  }
}
