package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpdkTest {
  private static final String ANSWER =
      """
      {"jsonrpc": "2.0", "id": 1, "result": {"results": [
        {"job": "disk", "status": "finished", "runtime": 1.0, "iops": 2000.5, "mibps": 8.0}],
        "core_count": 1}}
      """;

  private static final String PRINTED =
      """
       Latency summary
      \r Job: disk (Core Mask 0x2)
       50.00000% :     1.500us
       99.00000% :     2.250us
       99.90000% :    30.000us
       99.99000% :    99.000us
      """;

  @TempDir private Path folder;

  @Test
  void aTreeThatIsNotBuiltIsNamedInOneLine() throws Exception {
    assertThat(Spdk.refusal(null)).startsWith("SPDK is left out: set SPDK_DIR");
    assertThat(Spdk.refusal("")).startsWith("SPDK is left out: set SPDK_DIR");
    assertThat(Spdk.refusal(folder.toString()))
        .isEqualTo(
            "SPDK is left out: SPDK_DIR=%s has no build/bin/vhost; build it".formatted(folder))
        .hasLineCount(1);
  }

  @Test
  void freeHugepagesAreCounted() {
    assertThat(Spdk.freePages(List.of("HugePages_Total:    9", "HugePages_Free:     768")))
        .isEqualTo(768);
    assertThat(Spdk.freePages(List.of())).isZero();
  }

  @Test
  void theAnswerOfBdevperfIsItsReport() throws Exception {
    FioReport report = Bdevperf.parse("spdk", ANSWER, PRINTED);

    assertThat(report).isNotNull();
    assertThat(report.iops()).isEqualTo(2000.5);
    assertThat(report.bytesPerSecond()).isEqualTo(8 * 1048576.0);
    assertThat(report.latency()).isEqualTo(new FioReport.Latency(1.5, 2.25, 30));
  }

  @Test
  void anAnswerThatIsNotWholeIsNoReportYet() throws Exception {
    assertThat(Bdevperf.parse("spdk", ANSWER.substring(0, ANSWER.length() - 4), "")).isNull();
    assertThat(Bdevperf.parse("spdk", "", "")).isNull();
  }

  @Test
  void aRefusalOfBdevperfIsAnError() {
    String refusal = "{\"id\": 1, \"error\": {\"code\": -32603, \"message\": \"No such device\"}}";

    assertThatThrownBy(() -> Bdevperf.parse("spdk", refusal, ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No such device");
  }

  @Test
  void failedRequestsAreNoReport() {
    String failed = ANSWER.replace("\"runtime\": 1.0", "\"io_failed\": 3");

    assertThatThrownBy(() -> Bdevperf.parse("spdk", failed, ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("spdk reports failed requests");
    assertThatThrownBy(() -> Bdevperf.parse("spdk", ANSWER.replace("2000.5", "0"), ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("spdk reports no requests");
  }
}
