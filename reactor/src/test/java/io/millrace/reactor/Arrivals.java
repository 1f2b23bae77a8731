package io.millrace.reactor;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;

/** When requests come, in nanoseconds: the patterns of the simulation. */
final class Arrivals {
  private static final long START_NANOS = 1_000_000;
  private static final long SECOND_NANOS = 1_000_000_000;

  private Arrivals() {}

  static long[] steady(long perSecond, long lengthNanos) {
    long pause = SECOND_NANOS / perSecond;
    return LongStream.range(0, lengthNanos / pause).map(i -> START_NANOS + i * pause).toArray();
  }

  /** Exponential pauses; the seed makes them the same each time. */
  static long[] poisson(long perSecond, long lengthNanos, long seed) {
    Random random = new Random(seed);
    LongStream.Builder times = LongStream.builder();
    double at = START_NANOS;
    while (at < START_NANOS + lengthNanos) {
      times.add((long) at);
      at += -Math.log1p(-random.nextDouble()) * SECOND_NANOS / perSecond;
    }
    return times.build().toArray();
  }

  /** Requests each {@code pauseNanos} for {@code burstNanos}, then none until the next period. */
  static long[] bursts(long pauseNanos, long burstNanos, long periodNanos, int count) {
    return LongStream.range(0, count)
        .flatMap(burst ->
            LongStream.range(0, burstNanos / pauseNanos)
                .map(i -> START_NANOS + burst * periodNanos + i * pauseNanos))
        .toArray();
  }

  /** The pauses in turn, over and over. */
  static long[] alternating(int count, long... pauses) {
    long[] times = new long[count];
    times[0] = START_NANOS;
    for (int i = 1; i < count; i++) {
      times[i] = times[i - 1] + pauses[i % pauses.length];
    }
    return times;
  }

  /** One after the other. */
  static long[] then(long[] first, long[] second) {
    long offset = first[first.length - 1];
    return LongStream.concat(Arrays.stream(first), Arrays.stream(second).map(t -> t + offset))
        .toArray();
  }
}
