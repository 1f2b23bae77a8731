package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class MeterTest {
  @Test
  void everyRequestIsInTheHistogramWhetherItsNeighboursTookTheSameTimeOrNot() {
    Meter meter = new Meter();
    for (long nanos : new long[] {0, 0, 500, 500, 500, 70, 500, Long.MAX_VALUE}) {
      meter.record(nanos);
    }

    Histogram latencies = meter.latencies();
    assertThat(meter.ios()).isEqualTo(8);
    assertThat(latencies.getTotalCount()).isEqualTo(8);
    assertThat(latencies.getCountAtValue(0)).isEqualTo(2);
    assertThat(latencies.getCountAtValue(70)).isEqualTo(1);
    assertThat(latencies.getCountAtValue(500)).isEqualTo(4);
    assertThat(latencies.getCountAtValue(Latencies.LARGEST)).isEqualTo(1);
  }

  @Test
  void whatWasResetIsForgottenAndWhatIsMergedIsCounted() {
    Meter meter = new Meter();
    meter.record(500);
    meter.record(500);
    meter.reset();
    meter.record(500);
    Meter other = new Meter();
    other.record(500);
    other.record(500);
    meter.merge(other);

    assertThat(meter.ios()).isEqualTo(3);
    assertThat(meter.latencies().getCountAtValue(500)).isEqualTo(3);
    assertThat(other.latencies().getTotalCount()).isEqualTo(2);
  }
}
