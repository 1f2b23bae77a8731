package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Our report beside that of the fio on this machine: a script made for the one reads the other. */
class FioShapeTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  @Test
  void everythingThatFioTellsOfAJobIsThereAndOfTheSameType() throws Exception {
    JsonNode fio = fio();
    PerfOptions options = PerfOptions.defaults().withLoad(ReadWrite.RANDRW, 4096, 4, 1);
    PerfResult result = new PerfRun(PerfTarget.bdev("null:4m", false), options).run();
    JsonNode ours = MAPPER.readTree(PerfReport.json(result, "1.2.3"));
    Set<String> missing = new TreeSet<>();

    compare("", fio, ours, missing);

    // What a virtqueue has no say in, or nobody measures here.
    missing.removeIf(path ->
        path.startsWith("/disk_util")
            || path.startsWith("/jobs/0/job options")
            || path.startsWith("/jobs/0/iodepth_")
            || path.matches("/jobs/0/latency_(target|percentile|window)"));
    assertThat(missing).isEmpty();
  }

  private static void compare(String path, JsonNode fio, JsonNode ours, Set<String> missing) {
    if (fio.isNumber() ? !ours.isNumber() : fio.getNodeType() != ours.getNodeType()) {
      missing.add(path);
      return;
    }
    for (Map.Entry<String, JsonNode> entry : fio.properties()) {
      compare(path + "/" + entry.getKey(), entry.getValue(), ours.path(entry.getKey()), missing);
    }
    for (int i = 0; i < fio.size() && fio.isArray(); i++) {
      compare(path + "/" + i, fio.path(i), ours.path(i), missing);
    }
  }

  private static JsonNode fio() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "fio",
                "--name=perf",
                "--ioengine=null",
                "--rw=randrw",
                "--bs=4k",
                "--iodepth=4",
                "--size=4m",
                "--output-format=json")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return MAPPER.readTree(text.substring(text.indexOf('{')));
  }
}
