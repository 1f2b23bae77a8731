package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SafepointsTest {
  @Test
  void theLongestPauseIsNamedWithItsReason() {
    Figure figure =
        Safepoints.figure(
            Duration.ofSeconds(60),
            List.of(
                "[1.1s][info][safepoint] Safepoint \"Cleanup\", Time since last: 9 ns, Reaching"
                    + " safepoint: 1000 ns, At safepoint: 2000 ns, Leaving safepoint: 95000 ns,"
                    + " Total: 98000 ns, Threads: 0 runnable, 17 total",
                "[2.1s][info][safepoint] Safepoint \"G1Collect\", Time since last: 9 ns, Reaching"
                    + " safepoint: 1000 ns, At safepoint: 80000 ns, Leaving safepoint: 10 ns,"
                    + " Total: 81010 ns, Threads: 0 runnable, 17 total",
                "[3.1s][info][gc] something else"));

    assertThat(figure.what()).isEqualTo("safepoints: longest pause in 60 s of load");
    assertThat(figure.text()).isEqualTo("81 us (G1Collect), 2 pauses");
  }

  @Test
  void withoutAPauseThereIsNone() {
    assertThat(Safepoints.figure(Duration.ofSeconds(60), List.of()).text())
        .isEqualTo("0 us, 0 pauses");
  }
}
