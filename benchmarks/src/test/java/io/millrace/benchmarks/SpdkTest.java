package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
    FioReport report = Bdevperf.parse("spdk", answer(ANSWER));

    assertThat(report).isNotNull();
    assertThat(report.iops()).isEqualTo(2000.5);
    assertThat(report.bytesPerSecond()).isEqualTo(8 * 1048576.0);
  }

  @Test
  void anAnswerThatIsNotWholeIsNoReportYet() throws Exception {
    assertThat(Bdevperf.parse("spdk", answer(ANSWER.substring(0, ANSWER.length() - 4)))).isNull();
    assertThat(Bdevperf.parse("spdk", answer(""))).isNull();
  }

  @Test
  void aRefusalOfBdevperfIsAnError() {
    String refusal = "{\"id\": 1, \"error\": {\"code\": -32603, \"message\": \"No such device\"}}";

    assertThatThrownBy(() -> Bdevperf.parse("spdk", answer(refusal)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("No such device");
  }

  private static ByteBuffer answer(String text) {
    return ByteBuffer.allocate(4096).put(text.getBytes(StandardCharsets.UTF_8));
  }
}
