package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * SPDK's clients drive Millrace: a session of {@code rpc.py} gets of Millrace what it gets of SPDK.
 *
 * <p>Where Millrace answers otherwise, {@code differences.txt} says so and why; everything else is
 * the same, and what is listed does differ.
 */
@Timeout(180)
class RpcSessionTest {
  private static final int LEAST_CALLS = 105;
  private static final int LEAST_METHODS = 60;
  private static final long SESSION_SECONDS = 120;

  /** What no two runs of the same server have in common. */
  private static final String COUNTED = ".*/(irq|\\w*_ticks): \\d+, here \\d+";

  /** What depends on the machine's clock, and on the options that SPDK was built with. */
  private static final String BUILT =
      ".*/delay/\\w+_latency: (10, here 9|20, here 19|30, here 29|40, here 39)"
          + "|(rpc_get_methods|framework_get_subsystems|notify_get_types).*: \\d+ elements, here \\d+"
          + "|log_get_flags: result/\\w+ (is only|is missing) here"
          + "|spdk_get_version: result/fields/commit .*";

  @TempDir Path dir;
  private Path folder;

  @BeforeEach
  void image() throws IOException {
    folder = Files.createDirectory(dir.resolve("sockets"));
    Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
  }

  @Test
  void everyCallOfTheSessionIsAnsweredAsSpdkAnswersIt() throws Exception {
    List<JsonNode> spdk = RpcSession.recorded();
    assertThat(spdk).hasSizeGreaterThanOrEqualTo(LEAST_CALLS);
    assertThat(methodsOf(spdk)).hasSizeGreaterThanOrEqualTo(LEAST_METHODS);

    List<JsonNode> ours;
    try (ServerProcess server = serve()) {
      assertThat(server.line()).startsWith("waiting: ");
      ours = RpcSession.replay(spdk, socket(), folder);
    }

    assertOnlyKnown(differences(spdk, ours));
  }

  @Test
  void spdksOwnClientGetsTheSameFromBothServers() throws Exception {
    String directory = System.getenv("SPDK_DIR");
    assumeThat(directory).as("needs SPDK_DIR, where SPDK v26.05 is built").isNotNull();
    Path spdk = Path.of(directory);

    List<JsonNode> ofSpdk =
        rpcPy(
            spdk,
            spdk.resolve("build/bin/vhost").toString(),
            "--no-huge",
            "-s",
            "1024",
            "--no-pci",
            "-m",
            "0x1",
            "-r",
            socket().toString(),
            "-S",
            folder.toString(),
            "--wait-for-rpc");
    List<JsonNode> ofMillrace =
        rpcPy(spdk, ServerProcess.command(List.of(), arguments()).toArray(String[]::new));

    assertThat(differences(RpcSession.recorded(), ofSpdk))
        .as("the record")
        .allMatch(difference -> difference.matches(COUNTED + "|" + BUILT));
    assertOnlyKnown(differences(ofSpdk, ofMillrace));
  }

  private List<JsonNode> rpcPy(Path spdk, String... server) throws Exception {
    Path answers = dir.resolve("answers.json");
    List<String> command =
        new ArrayList<>(
            List.of(
                "python3",
                RpcSession.FOLDER.resolve("rpc_session.py").toString(),
                "--rpc",
                spdk.resolve("scripts/rpc.py").toString(),
                "--socket",
                socket().toString(),
                "--dir",
                folder.toString(),
                "--out",
                answers.toString(),
                "--"));
    command.addAll(List.of(server));
    Path log = dir.resolve("session.log");
    Process session =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(session.waitFor(SESSION_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(session.exitValue()).as(() -> read(log)).isZero();
    } finally {
      session.descendants().forEach(ProcessHandle::destroyForcibly);
      session.destroyForcibly();
    }
    return RpcSession.read(answers);
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private ServerProcess serve() throws IOException {
    return ServerProcess.start(folder, List.of(), arguments().toArray(String[]::new));
  }

  private List<String> arguments() {
    return List.of(
        "serve", "-m", "0x1", "-r", socket().toString(), "-S", folder.toString(), "--wait-for-rpc");
  }

  private Path socket() {
    return dir.resolve("rpc.sock");
  }

  private static Set<String> methodsOf(List<JsonNode> steps) {
    Set<String> methods = new TreeSet<>();
    steps.forEach(step -> methods.add(step.path("method").asString("")));
    return methods;
  }

  /** One line each, with the call that it is of. */
  private static List<String> differences(List<JsonNode> spdk, List<JsonNode> ours) {
    List<JsonNode> calls = calls(spdk);
    List<JsonNode> answers = calls(ours);
    assertThat(answers).hasSameSizeAs(calls);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      String line = calls.get(i).path("line").stringValue();
      AnswerDifferences.between(calls.get(i), answers.get(i))
          .forEach(difference -> found.add(line + ": " + difference));
    }
    return found;
  }

  /** Without those that rpc.py's own checks refused: no server saw them. */
  private static List<JsonNode> calls(List<JsonNode> steps) {
    return steps.stream().filter(step -> step.has("error") || step.has("result")).toList();
  }

  private static void assertOnlyKnown(List<String> differences) throws IOException {
    List<String> lines =
        Files.readAllLines(RpcSession.FOLDER.resolve("differences.txt")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    List<String> known = lines.stream().map(line -> line.replaceFirst("^\\? ", "")).toList();

    assertSoftly(softly -> {
      softly
          .assertThat(differences.stream().filter(d -> known.stream().noneMatch(d::matches)))
          .as("differences from SPDK that differences.txt has no reason for")
          .isEmpty();
      softly
          .assertThat(
              lines.stream()
                  .filter(line -> !line.startsWith("? "))
                  .filter(line -> differences.stream().noneMatch(d -> d.matches(line))))
          .as("lines of differences.txt that nothing differs by any more")
          .isEmpty();
    });
  }
}
