package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FigureTest {
  @Test
  void aSpreadShowsTheMiddleAndTheExtremes() {
    assertThat(Spread.of(List.of(3.0, 1.0, 2.5)).format(2)).isEqualTo("2.50 [1.00..3.00]");
    assertThat(Spread.of(List.of(4.0, 1.0)).median()).isEqualTo(2.5);
  }

  @Test
  void theIntervalOfTheMedianIsThatOfOrderStatistics() {
    assertThat(Spread.rank(5)).isZero(); // 2 / 2^5 is more than 5 %
    assertThat(Spread.rank(6)).isEqualTo(1);
    assertThat(Spread.rank(8)).isEqualTo(1);
    assertThat(Spread.rank(9)).isEqualTo(2); // 2 (1 + 9) / 2^9 is 3.9 %
    assertThat(Spread.rank(12)).isEqualTo(3);
    Spread spread = Spread.of(List.of(9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0));

    assertThat(spread).isEqualTo(new Spread(5, 1, 9, 2, 8));
    assertThat(spread.formatWithInterval(1)).isEqualTo("5.0 [1.0..9.0], 95 % 2.0..8.0");
    assertThat(Spread.of(List.of(1.0, 2.0))).isEqualTo(new Spread(1.5, 1, 2, 1, 2));
  }

  @Test
  void aControlThatFailsIsSaidBeforeAllElse() {
    Figure.Bar bar = Figure.Bar.within(0.95, 1.05, "1.00 +- 0.05");
    Figure failed = new Figure("control, null: a / b", 1.06, "1.06", bar, List.of());
    Figure held = new Figure("control, null: a / b", 1.05, "1.05", bar, List.of());

    assertThat(Program.notes(List.of(failed)))
        .singleElement()
        .asString()
        .contains("CONTROL FAILED");
    assertThat(Program.notes(List.of(held))).isEmpty();
    assertThat(Program.notes(List.of())).singleElement().asString().contains("left out");
  }

  @Test
  void aBarIsMetFromItsBoundaryOn() {
    Figure.Bar bar = Figure.Bar.atLeast(3, ">= 3");

    assertThat(figure(3, bar).verdict()).isEqualTo("met");
    assertThat(figure(2.99, bar).verdict()).isEqualTo("NOT MET");
    assertThat(figure(800, Figure.Bar.below(800, "< 800")).verdict()).isEqualTo("NOT MET");
    assertThat(figure(1.05, Figure.Bar.within(0.95, 1.05, "1")).verdict()).isEqualTo("met");
    assertThat(figure(0.94, Figure.Bar.within(0.95, 1.05, "1")).verdict()).isEqualTo("NOT MET");
    assertThat(figure(1, null).verdict()).isEmpty();
  }

  @Test
  void aReportWithoutRequestsIsAnError() {
    assertThatThrownBy(() -> FioReport.parse("x-load", "{\"jobs\": [{\"read\": {}}]}"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("x-load reports no requests");
    assertThatThrownBy(() -> FioReport.parse("x-load", "not supported"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("x-load printed something that is no report");
  }

  @Test
  void aReportOfAMixCountsBothAndTellsTheLatencyOfItsReads() throws IOException {
    String mix =
        """
        fio: a warning
        {"jobs": [{
          "read": {"iops": 70.5, "bw_bytes": 700, "clat_ns": {"percentile":
            {"50.000000": 1500, "99.000000": 2000, "99.900000": 9000}}},
          "write": {"iops": 30.0, "bw_bytes": 300, "clat_ns": {"percentile":
            {"50.000000": 1, "99.000000": 1, "99.900000": 1}}}}]}
        """;

    assertThat(FioReport.parse("x-load", mix))
        .isEqualTo(new FioReport(100.5, 1000, new FioReport.Latency(1.5, 2, 9)));
    assertThat(FioReport.parse("x-load", mix.replace("70.5", "0")).latency().p50Micros())
        .isEqualTo(0.001);
  }

  @Test
  void theReportShowsNotesFigureBarVerdictAndRemarks() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    TextReport.print(results(), new PrintStream(out, true, StandardCharsets.UTF_8));

    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("!!! careful\nmachine: small\n")
        .containsPattern("null: a / b +2.00 +>= 3 +NOT MET\n    b's server was idle\n")
        .contains("null: a      7 IOPS\n")
        .containsPattern("c / d +not measured: it died +>= 3 +NOT MEASURED");
  }

  @Test
  void whatIsWrittenIsReadBackAsItWas(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("bench.json");

    results().write(file);

    assertThat(Results.read(file)).isEqualTo(results());
    assertThat(Files.readString(file)).contains("\"met\" : false").contains("\"low95\"");
  }

  private static Results results() {
    Figure.Bar bar = Figure.Bar.atLeast(3, ">= 3");
    return new Results(
        Map.of("machine", "small"),
        List.of("careful"),
        List.of(
            new Figure("null: a / b", 2, "2.00", bar, List.of("b's server was idle"))
                .withValues(List.of(1.0, 2.0, 3.0)),
            new Figure("null: a", 7, "7 IOPS", null, List.of()).withDetails(Map.of("p99_us", 1.5)),
            Figure.refused("c / d", bar, "it\n  died")));
  }

  private static Figure figure(double value, Figure.Bar bar) {
    return new Figure("x", value, Double.toString(value), bar, List.of());
  }
}
