package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyHistogramTest {
  private final LatencyHistogram histogram = new LatencyHistogram();

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 1000, 1_000_000, 999_999_999_999L})
  void aValueIsBelowTheLimitOfItsBucketAndNotBelowThatOfTheOneBefore(long nanos) {
    int bucket = LatencyHistogram.bucket(nanos);

    long below = bucket == 0 ? 0 : LatencyHistogram.limitNanos(bucket - 1);
    long limit = LatencyHistogram.limitNanos(bucket);
    assertThat(nanos).isGreaterThanOrEqualTo(below).isLessThan(limit);
    assertThat(limit - below).isLessThanOrEqualTo(Math.max(1, nanos / 8));
  }

  @Test
  void whatIsLongerThanAnythingIsInTheLastBucketAndWhatIsNegativeInTheFirst() {
    histogram.record(Long.MAX_VALUE, 1);
    histogram.record(-5, 1);

    assertThat(histogram.count(LatencyHistogram.buckets() - 1)).isEqualTo(1);
    assertThat(histogram.count(0)).isEqualTo(1);
    assertThat(histogram.count()).isEqualTo(2);
  }

  @Test
  void halfOfTheValuesAreBelowTheMedian() {
    for (int i = 1; i <= 100; i++) {
      histogram.record(i * 1000L, 1);
    }

    assertThat(histogram.quantileNanos(0.5)).isBetween(50_000L, 57_000L);
    assertThat(histogram.quantileNanos(1)).isBetween(100_000L, 113_000L);
    assertThat(histogram.sumNanos()).isEqualTo(5_050_000);
  }

  @Test
  void anEmptyOneHasNoQuantiles() {
    assertThat(histogram.quantileNanos(0.99)).isZero();
  }
}
