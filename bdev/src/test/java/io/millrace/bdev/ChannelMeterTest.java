package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.LatencyHistogram.Shape;
import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Histograms have what the other counts have, whenever somebody looks. */
class ChannelMeterTest {
  private static final Shape TO_THE_NANO =
      new Shape(List.of(IoType.READ, IoType.WRITE), 7, 0, 1_000_000);

  private final Reactor reactor = Reactor.stepped("stepped");
  private final ChannelMeter meter = new ChannelMeter(reactor.stretchClock());
  private final long[] expected = new long[128]; // requests, by the nanoseconds they took
  private long now;

  @BeforeEach
  void countByTime() {
    meter.histogram(TO_THE_NANO);
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  /** What it counts as, it is expected to count as in the histogram. */
  private void run(IoType type, long nanos, IoStatus status) {
    TestIo io = TestIo.of(type, 0, 4096);
    long before = meter.counts().nanos(type);
    meter.timer().begin(io);
    now += nanos;
    reactor.runOnce(now);
    meter.ended(io, status);
    if (status == IoStatus.SUCCESS) {
      expected[(int) (meter.counts().nanos(type) - before)]++;
    }
  }

  private long[] counted() {
    LatencyHistogram counts = Objects.requireNonNull(meter.histogram());
    return LongStream.range(0, expected.length).map(i -> counts.count((int) i)).toArray();
  }

  private void runMany() {
    for (int i = 0; i < 5_000; i++) {
      run(i % 3 == 0 ? IoType.WRITE : IoType.READ, 1 + i % 100, IoStatus.SUCCESS);
      if (i % 700 == 0) {
        assertThat(counted()).isEqualTo(expected);
      }
    }
    assertThat(counted()).isEqualTo(expected);
  }

  @Test
  void whatWaitsIsInTheBucketOfItsTime() {
    runMany();
  }

  @Test
  void whatEndsAtOnceIsInTheBucketOfTheTimeThatItCountsAs() {
    meter.timer().atOnce();
    runMany();
  }

  @Test
  void whatFailsIsInItOnce() {
    meter.timer().atOnce();
    for (int i = 0; i < 1_000; i++) {
      run(IoType.READ, 1 + i % 100, i % 7 == 0 ? IoStatus.IO_ERROR : IoStatus.SUCCESS);
    }

    assertThat(LongStream.of(counted()).sum()).isEqualTo(1_000);
  }

  @Test
  void aNewHistogramHasNothingOfWhatWasBefore() {
    meter.timer().atOnce();
    for (int i = 0; i < 100; i++) {
      run(IoType.READ, 5, IoStatus.SUCCESS);
    }
    meter.histogram(TO_THE_NANO);
    run(IoType.READ, 5, IoStatus.SUCCESS);

    assertThat(LongStream.of(counted()).sum()).isEqualTo(1);
  }
}
