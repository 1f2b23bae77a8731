package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final int STEPS = 400; // four seconds of 10 ms

  @Test
  void sharesAreOfTheRateAfterTwoSeconds() {
    long[] counts = new long[STEPS];
    Arrays.fill(counts, 100);
    Arrays.fill(counts, 0, 10, 20); // the first tenth of a second
    Arrays.fill(counts, 50, 60, 96); // the tenth that begins half a second after

    List<Figure> figures = WarmUp.figures("after a start", List.of(counts));

    assertThat(figures.get(0).what())
        .isEqualTo("warm-up, after a start: share of peak in the first 0.1 s");
    assertThat(figures.get(0).value()).isEqualTo(0.2, within(1e-9));
    assertThat(figures.get(0).verdict()).isEqualTo("met");
    assertThat(figures.get(1).value()).isEqualTo((96 + 400) / 500.0, within(1e-9));
    assertThat(figures.get(3).what()).endsWith("in the first 1.0 s");
    assertThat(figures.get(3).value()).isEqualTo((8 * 0.0 + 20 + 96 + 800) / 1000, within(1e-9));
    assertThat(figures.getLast().value()).isEqualTo(10_000, within(1e-9));
    assertThat(figures.getLast().details()).containsEntry("share_at_0.15_s", 1.0).hasSize(20);
  }

  @Test
  void whatIsNoCountIsNoFigure() throws IOException {
    assertThat(WarmUp.parse(line("7"))).hasSize(STEPS);
    assertThatThrownBy(() -> WarmUp.parse("Exception in thread"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no count");
    assertThatThrownBy(() -> WarmUp.parse(line("0")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("counted nothing");
  }

  private static String line(String count) {
    return Collections.nCopies(STEPS, count).stream().collect(Collectors.joining(" "));
  }
}
