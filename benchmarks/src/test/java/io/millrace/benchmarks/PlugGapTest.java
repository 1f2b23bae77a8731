package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlugGapTest {
  @Test
  void itComparesTheMediansOfTheLongestGaps() {
    Figure figure = PlugGap.figure("1000000 1000000\n2000000 3000000\n9000000 8000000\n");

    assertThat(figure.value()).isEqualTo(1.5);
    assertThat(figure.verdict()).isEqualTo("met");
    assertThat(figure.text())
        .isEqualTo(
            "1.50 of that in between (3.000 [1.000..8.000] ms, and 2.000 [1.000..9.000] ms)");
  }

  @Test
  void moreThanHalfAsMuchAgainIsTooMuch() {
    assertThat(PlugGap.figure("2000000 3000001\n").verdict()).isEqualTo("NOT MET");
  }
}
