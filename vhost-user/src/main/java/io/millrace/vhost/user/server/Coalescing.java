package io.millrace.vhost.user.server;

import java.util.concurrent.TimeUnit;

/**
 * How calls of busy rings are put off, so that a driver is interrupted less: SPDK's rule and its
 * numbers. Up to the threshold a ring calls at once; beyond, each call waits for the last one to be
 * so long ago as the base times the share by which the rate is over the threshold.
 *
 * @param delayBaseMicros 0 for never, up to {@link #MAX_DELAY_MICROS}
 * @param iopsThreshold requests a second, {@link #MIN_THRESHOLD} or more
 */
public record Coalescing(int delayBaseMicros, int iopsThreshold) {
  /** A guest waits for no call longer than a second times the share. */
  public static final int MAX_DELAY_MICROS = 1_000_000;

  /** One request in each of SPDK's windows of 10 ms. */
  public static final int MIN_THRESHOLD = 100;

  /** Calls at once; with the threshold that SPDK has by default. */
  public static final Coalescing OFF = new Coalescing(0, 60_000);

  /** Checks the numbers. */
  public Coalescing {
    if (delayBaseMicros < 0 || delayBaseMicros > MAX_DELAY_MICROS) {
      throw new IllegalArgumentException(
          "a delay of " + delayBaseMicros + " us is not from 0 to " + MAX_DELAY_MICROS);
    }
    if (iopsThreshold < MIN_THRESHOLD) {
      throw new IllegalArgumentException(
          "a threshold of " + iopsThreshold + " IOPS is below " + MIN_THRESHOLD);
    }
  }

  /** Whether some calls are put off. */
  boolean isOn() {
    return delayBaseMicros > 0;
  }

  /** The least time between two calls of a ring that answers at a rate, in nanoseconds. */
  long delayNanos(double requestsPerSecond) {
    double over = Math.max(0, requestsPerSecond / iopsThreshold - 1);
    return (long) (TimeUnit.MICROSECONDS.toNanos(delayBaseMicros) * over);
  }
}
