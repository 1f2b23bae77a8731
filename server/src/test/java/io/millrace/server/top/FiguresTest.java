package io.millrace.server.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void numbersAreShortAndNothingIsADash() {
    assertThat(Figures.rate(0)).isEqualTo("-");
    assertThat(Figures.rate(0.5)).isEqualTo("0.5");
    assertThat(Figures.rate(9.96)).isEqualTo("10");
    assertThat(Figures.rate(123_456)).isEqualTo("123k");
    assertThat(Figures.bytes(0)).isEqualTo("-");
    assertThat(Figures.bytes(1536)).isEqualTo("1.50Ki");
    assertThat(Figures.count(0)).isEqualTo("-");
    assertThat(Figures.percent(0.256)).isEqualTo("26%");
  }

  @Test
  void timesHaveTheirUnit() {
    assertThat(Figures.time(Double.NaN)).isEqualTo("-");
    assertThat(Figures.time(999)).isEqualTo("999ns");
    assertThat(Figures.time(1000)).isEqualTo("1.00us");
    assertThat(Figures.time(81_240)).isEqualTo("81.2us");
    assertThat(Figures.time(2_500_000)).isEqualTo("2.50ms");
    assertThat(Figures.time(12_000_000_000d)).isEqualTo("12.0s");
  }

  @Test
  void sparklinesAreByTheirLargestValueAndTheNewestIsOnTheRight() {
    assertThat(Figures.sparkline(List.of(1d, 4d, 8d), 5)).isEqualTo("  ▁▄█");
    assertThat(Figures.sparkline(List.of(800d, 1d, 4d, 8d), 3)).isEqualTo("▁▄█");
    assertThat(Figures.sparkline(List.of(0d, Double.NaN, 5d), 3)).isEqualTo("  █");
    assertThat(Figures.sparkline(List.of(0d, 0d), 3)).isEqualTo("   ");
    assertThat(Figures.sparkline(List.of(1d, 2d), 0)).isEmpty();
  }

  @Test
  void metersTellTheirShare() {
    assertThat(Figures.meter(0, 12)).isEqualTo("[        0%]");
    assertThat(Figures.meter(0.5, 12)).isEqualTo("[|||||  50%]");
    assertThat(Figures.meter(1, 12)).isEqualTo("[||||||100%]");
  }
}
