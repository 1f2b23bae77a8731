package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.perf.PerfProgress;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static final PerfProgress MIXED =
      new PerfProgress(2, false, 0.301, 3667, 31_500, 1_200, 0, 4096);

  @Test
  void lineIsFios() {
    assertThat(ProgressLine.text(MIXED))
        .isEqualTo(
            "Jobs: 2: [30.1%][r=123MiB/s,w=4.69MiB/s][r=31.5k,w=1.20k IOPS][eta 01h:01m:07s]");
    assertThat(ProgressLine.text(new PerfProgress(1, true, 0, -1, 0, 0, 0, 4096)))
        .isEqualTo("Jobs: 1: [V][0.0%][0 IOPS][eta unknown]");
  }

  @Test
  void lineOnATerminalIsDrawnInPlaceAndTakenAway() {
    StringWriter screen = new StringWriter();
    ProgressLine line = new ProgressLine(new PrintWriter(screen), true, true);

    line.accept(MIXED);
    line.accept(MIXED);
    line.clear();

    assertThat(screen.toString()).doesNotContain("\n").endsWith("\r\033[K");
    assertThat(screen.toString().split("\r\033\\[K", -1)).hasSize(4);
  }

  @Test
  void nothingIsShownWhereNothingIsWanted() {
    StringWriter screen = new StringWriter();
    ProgressLine line = new ProgressLine(new PrintWriter(screen), false, true);

    line.accept(MIXED);
    line.clear();

    assertThat(screen.toString()).isEmpty();
  }
}
