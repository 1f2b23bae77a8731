package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The distribution is found and asked as programs that manage guests do (vhost-user.json). */
@Timeout(120)
class DiscoveryTest {
  private static final Path DISTRIBUTION =
      Path.of("").toAbsolutePath().resolveSibling("server/target/millrace");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  void discoveryFileNamesTheProgramAndTheProgramItsCapabilities() throws Exception {
    JsonNode backend = JSON.readTree(Files.readString(discoveryFile(DISTRIBUTION)));

    String binary = backend.get("binary").asString();
    JsonNode capabilities = JSON.readTree(output(List.of(binary, "--print-capabilities")));

    assertThat(backend.get("type").asString()).isEqualTo("block");
    assertThat(backend.get("description").asString()).isNotEmpty();
    assertThat(backend.get("tags").isArray()).isTrue();
    assertThat(Path.of(binary)).isAbsolute().isExecutable();
    assertThat(capabilities.toString())
        .isEqualTo("{\"type\":\"block\",\"features\":[\"read-only\",\"blk-file\"]}");
  }

  @Test
  void documentedLineInstallsTheFileForADistributionElsewhere() throws Exception {
    String document = Files.readString(DISTRIBUTION.resolve("../../../docs/backend-program.md"));
    String line = document.lines().filter(l -> l.startsWith("sed ")).findFirst().orElseThrow();

    String installed =
        output(
            List.of(
                "sh",
                "-c",
                line.substring(0, line.indexOf('|', line.indexOf(".json")))
                    .replace("/opt/millrace/share", DISTRIBUTION + "/share")));

    assertThat(JSON.readTree(installed).get("binary").asString())
        .isEqualTo("/opt/millrace/bin/millrace-blk");
  }

  private static Path discoveryFile(Path distribution) {
    return distribution.resolve("share/qemu/vhost-user/50-millrace-blk.json");
  }

  private String output(List<String> command) throws IOException, InterruptedException {
    Path errors = folder.resolve("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(errors)).isZero();
    return out;
  }
}
