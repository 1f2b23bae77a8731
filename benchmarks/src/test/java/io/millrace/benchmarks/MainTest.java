package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code make bench} runs, asked for as little as can be. */
class MainTest {
  @Test
  void nothingAskedForIsAReportWithoutFigures() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(List.of("sh", Path.of("run.sh").toString(), "--only=^nothing$"))
            .redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("SPDK_DIR");

    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output)
        .contains("bench: SPDK is left out: set SPDK_DIR to a built SPDK")
        .contains("The control was left out")
        .contains("processors: ")
        .contains("its two cores: ")
        .contains("figure");
  }
}
