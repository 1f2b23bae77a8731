package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.LatencyHistogram.Shape;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each time has its bucket, as the list of buckets' ends says. */
class LatencyHistogramTest {
  private static final List<IoType> READS = List.of(IoType.READ);

  /** The slow way: the first bucket that ends beyond it, or the last. */
  private static int bucketOf(LatencyHistogram histogram, long nanos) {
    for (int i = 0; i < histogram.buckets() - 1; i++) {
      if (nanos < histogram.endNanos(i)) {
        return i;
      }
    }
    return histogram.buckets() - 1;
  }

  private static void assertCounted(Shape shape, long nanos) {
    LatencyHistogram histogram = new LatencyHistogram(shape);

    histogram.count(IoType.READ, nanos, 1);

    // What is shorter than the first range has its first bucket, wherever that ends.
    boolean below = bucketOf(new LatencyHistogram(fromZero(shape)), nanos) < firstKept(shape);
    int expected = below ? 0 : bucketOf(histogram, nanos);
    assertThat(histogram.count(expected)).as(shape + ", " + nanos).isEqualTo(1);
  }

  private static Shape fromZero(Shape shape) {
    return new Shape(shape.types(), shape.granularity(), 0, shape.maxNanos());
  }

  private static int firstKept(Shape shape) {
    return shape.minRange() << shape.granularity();
  }

  @Test
  void everyTimeIsInTheBucketThatEndsBeyondItFirst() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      long max = 2 + (random.nextLong() >>> 1 >>> random.nextInt(60));
      long min = random.nextLong(max - 1);
      Shape shape = new Shape(READS, random.nextInt(8), min, max);

      assertCounted(shape, random.nextLong() >>> 1 >>> random.nextInt(63));
    }
  }

  @Test
  void edgesOfRangesAreInTheRightOne() {
    Shape shape = new Shape(READS, 7, 0, Long.MAX_VALUE);
    for (int bits = 0; bits < 63; bits++) {
      assertCounted(shape, (1L << bits) - 1);
      assertCounted(shape, 1L << bits);
      assertCounted(shape, (1L << bits) + 1);
    }
  }

  @Test
  void spdksDefaultHasItsRanges() {
    Shape shape = new Shape(READS, 7, 1_000, 120_000_000_000L);

    assertThat(shape.minRange()).isEqualTo(3);
    assertThat(shape.maxRange()).isEqualTo(30);
    assertThat(new LatencyHistogram(shape).buckets()).isEqualTo(28 * 128);
  }

  @Test
  void otherTypesAreNotCounted() {
    LatencyHistogram histogram = new LatencyHistogram(new Shape(READS, 0, 0, 1_000));

    histogram.count(IoType.WRITE, 10, 1);

    for (int i = 0; i < histogram.buckets(); i++) {
      assertThat(histogram.count(i)).isZero();
    }
  }

  @Test
  void whatIsNoRangeIsRefused() {
    for (Wrong wrong : List.of(new Wrong(7, 5, 5), new Wrong(15, 0, 5), new Wrong(-1, 0, 5))) {
      assertThatThrownBy(() -> new Shape(READS, wrong.granularity, wrong.min, wrong.max))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give a granularity of 0 to 14 and a min_nsec below max_nsec");
    }
  }

  private record Wrong(int granularity, long min, long max) {}
}
