package io.millrace.bdev;

import java.util.List;

/**
 * Counts of requests by the time they took, in the buckets of SPDK's histograms: up to {@code
 * 2^granularity} nanoseconds each has one, and from there on every doubling (a <em>range</em>) is
 * cut into {@code 2^granularity} of the same width. Only some ranges are kept; what lies outside
 * counts for the nearest bucket.
 *
 * <p>Data-path code, of the channel's reactor; others read it without synchronisation.
 */
public final class LatencyHistogram {
  /** Most bits of a granularity: buckets of 8 MiB for each channel, all ranges kept. */
  public static final int MAX_GRANULARITY = 14;

  /**
   * What a histogram is of.
   *
   * @param types the requests that are counted; empty counts none
   * @param granularity buckets a range, as a power of two: 0 to {@link #MAX_GRANULARITY}
   * @param minNanos the shortest time that has a bucket of its own, from 0
   * @param maxNanos where those end, above {@code minNanos}
   */
  public record Shape(List<IoType> types, int granularity, long minNanos, long maxNanos) {
    /** Checks it. */
    public Shape {
      types = List.copyOf(types);
      if (granularity < 0
          || granularity > MAX_GRANULARITY
          || minNanos < 0
          || minNanos >= maxNanos) {
        throw new IllegalArgumentException(
            "a histogram of granularity "
                + granularity
                + " from "
                + minNanos
                + " to "
                + maxNanos
                + " ns; give a granularity of 0 to "
                + MAX_GRANULARITY
                + " and a min_nsec below max_nsec");
      }
    }

    /** The first range that is kept. */
    public int minRange() {
      return rangeOf(minNanos, granularity);
    }

    /** The last range that is kept. */
    public int maxRange() {
      return rangeOf(maxNanos - 1, granularity);
    }

    private int buckets() {
      return (maxRange() - minRange() + 1) << granularity;
    }

    private int typeMask() {
      return types.stream().mapToInt(type -> 1 << type.ordinal()).reduce(0, (a, b) -> a | b);
    }
  }

  private final Shape shape;
  private final int typeMask;
  private final int granularity;
  private final int minRange;
  private final int maxRange;
  private final long[] counts;

  /** Empty. */
  LatencyHistogram(Shape shape) {
    this.shape = shape;
    this.typeMask = shape.typeMask();
    this.granularity = shape.granularity();
    this.minRange = shape.minRange();
    this.maxRange = shape.maxRange();
    this.counts = new long[shape.buckets()];
  }

  private static int rangeOf(long nanos, int granularity) {
    return Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(nanos) - granularity);
  }

  /** Counts requests that took so long, if they are of a type that is counted. */
  void count(IoType type, long nanos, long requests) {
    if ((typeMask >>> type.ordinal() & 1) == 0) {
      return;
    }
    int range = rangeOf(nanos, granularity);
    int index;
    if (range < minRange) {
      index = 0;
    } else if (range > maxRange) {
      index = counts.length - 1;
    } else {
      int within = (int) (nanos >>> Math.max(0, range - 1)) & ((1 << granularity) - 1);
      index = ((range - minRange) << granularity) + within;
    }
    counts[index] += requests;
  }

  /** Adds the counts of one of the same shape. */
  void add(LatencyHistogram other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** What it is of. */
  public Shape shape() {
    return shape;
  }

  /** How many buckets are kept. */
  public int buckets() {
    return counts.length;
  }

  /**
   * Requests in a bucket.
   *
   * @param bucket from 0, the shortest times first
   */
  public long count(int bucket) {
    return counts[bucket];
  }

  /**
   * Where a bucket ends: the times in it are shorter.
   *
   * @param bucket from 0
   * @return nanoseconds; negative for 2^63, of the very last
   */
  public long endNanos(int bucket) {
    int range = minRange + (bucket >>> granularity);
    long within = (bucket & ((1 << granularity) - 1)) + 1L;
    return range == 0 ? within : (1L << (range + granularity - 1)) + (within << (range - 1));
  }
}
