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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FigureTest {
  @Test
  void aSpreadShowsTheMiddleAndTheExtremes() {
    assertThat(Spread.of(List.of(3.0, 1.0, 2.5)).format(2)).isEqualTo("2.50 [1.00..3.00]");
    assertThat(Spread.of(List.of(4.0, 1.0)).median()).isEqualTo(2.5);
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
  void theReportShowsFigureBarVerdictAndRemarks(@TempDir Path folder) throws IOException {
    Figure.Bar bar = Figure.Bar.atLeast(3, ">= 3");
    Report report =
        new Report(
            List.of("machine: small"),
            List.of(
                new Figure("null: a / b", 2, "2.00", bar, List.of("b's server was idle")),
                new Figure("null: a", 7, "7 IOPS", null, List.of())));
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    report.print(new PrintStream(out, true, StandardCharsets.UTF_8));
    report.write(folder.resolve("bench.json"));

    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("machine: small")
        .containsPattern("null: a / b +2.00 +>= 3 +NOT MET\n    b's server was idle\n")
        .contains("null: a      7 IOPS\n");
    assertThat(Files.readString(folder.resolve("bench.json")))
        .containsPattern("\"met\" : false")
        .containsPattern("\"what\" : \"null: a\"");
  }

  private static Figure figure(double value, Figure.Bar bar) {
    return new Figure("x", value, Double.toString(value), bar, List.of());
  }
}
