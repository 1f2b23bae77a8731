package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final int STEPS = 400; // four seconds of 10 ms, two of a side's own
  private static final int FIRST = 1000;

  private static WarmUpCounts counts(long firstStep, long... counts) {
    return new WarmUpCounts(firstStep, Arrays.stream(counts).boxed().toList());
  }

  @Test
  void sharesAreOfWhatTheWarmServerDidInTheSameSteps() throws IOException {
    long[] cold = new long[STEPS + 10];
    Arrays.fill(cold, 100);
    Arrays.fill(cold, 0, 20, 20); // the first tenth of a second of its own
    Arrays.fill(cold, 100, 120, 96); // the tenth that begins half a second after
    Arrays.fill(cold, 120, 200, 50); // the host is half as fast
    long[] warm = new long[STEPS + 200];
    Arrays.fill(warm, 100);
    Arrays.fill(warm, 0, 100, 7); // before the socket was there
    Arrays.fill(warm, 220, 300, 50);
    WarmUp.Run run = new WarmUp.Run(counts(FIRST, cold), counts(FIRST - 100, warm));

    List<Figure> figures = WarmUp.figures("after a start", List.of(run));

    assertThat(figures.get(0).what())
        .isEqualTo("warm-up, after a start: share of peak in the first 0.1 s");
    assertThat(figures.get(0).value()).isEqualTo(0.2, within(1e-9));
    assertThat(figures.get(0).verdict()).isEqualTo("met");
    assertThat(figures.get(1).value()).isEqualTo((96 + 200) / 300.0, within(1e-9));
    assertThat(figures.get(3).what()).endsWith("in the first 1.0 s");
    assertThat(figures.get(3).value()).isEqualTo((20 + 400 + 96 + 200) / 800.0, within(1e-9));
    assertThat(figures.getLast().value()).isEqualTo(18_000, within(1e-9)); // in two seconds
    assertThat(figures.getLast().details()).containsEntry("share_at_0.15_s", 1.0).hasSize(20);
  }

  @Test
  void aLineHasWhatItWasMadeOf() throws IOException {
    WarmUpCounts counts = WarmUpCounts.parse(counts(7, 3, 0, 5).line());

    assertThat(counts.firstStep()).isEqualTo(7);
    assertThat(counts.counts()).containsExactly(3L, 0L, 5L);
  }

  @Test
  void whatIsNoCountIsNoFigure() {
    WarmUpCounts cold = counts(FIRST, 1, 2);

    assertThatThrownBy(() -> WarmUpCounts.parse("Exception in thread"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no count");
    assertThatThrownBy(() -> cold.share(counts(FIRST, 0, 0), 0, 2))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("did nothing");
    assertThatThrownBy(() -> cold.share(counts(FIRST + 1, 4, 4), 0, 2))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("from step 1001 to 1003, and not from 1000 to 1002");
    assertThatThrownBy(() -> cold.share(counts(FIRST, 4, 4, 4), 0, 3))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("from step 1000 to 1002, and not from 1000 to 1003");
  }
}
