package io.millrace.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/perf.md shows, in its order and to the letter, with the distribution. */
@Timeout(180)
class PerfPageTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Path PROGRAM = ROOT.resolve("server/target/millrace/bin/millrace");
  private static final long LIMIT_SECONDS = 60;

  @TempDir private Path folder;
  private Process server;

  @BeforeEach
  void images() throws IOException {
    for (String name : List.of("disk.img", "other.img")) {
      try (RandomAccessFile image = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
        image.setLength(16 << 20);
      }
    }
  }

  @AfterEach
  void stopServer() throws InterruptedException {
    if (server != null) {
      server.destroy();
      assertThat(server.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void everyCommandOfThePageDoesWhatItSays() throws Exception {
    List<String> outputs = new ArrayList<>();
    for (String line : Files.readAllLines(ROOT.resolve("docs/perf.md"))) {
      if (line.startsWith("millrace serve ")) {
        serve(line);
      } else if (line.startsWith("millrace perf ")) {
        outputs.add(run(line));
      }
    }

    assertThat(outputs).hasSize(9);
    assertThat(outputs).allMatch(out -> out.contains("IOPS=") || out.contains("\"jobs\" : ["));
    assertThat(outputs.subList(6, 8)).allMatch(out -> out.contains("checked=4096, bad=0"));
    assertThat(outputs.getLast()).contains("checked=256, bad=0");
  }

  @Test
  void lineOfProgressIsShownOnATerminal() throws Exception {
    // script(1) gives the command a terminal.
    String perf = PROGRAM + " perf --bdev null:1g --rw=randread --time_based --runtime=2";
    Process script =
        new ProcessBuilder("script", "-qec", perf, "/dev/null").redirectErrorStream(true).start();
    String screen = new String(script.getInputStream().readAllBytes(), UTF_8);

    assertThat(script.waitFor()).isZero();
    assertThat(screen).contains("\r\033[KJobs: 1: [").contains("IOPS][eta 00m:0");
  }

  private String run(String line) throws Exception {
    Path output = Files.createTempFile(folder, "output", "");
    Process process = command(line).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as(line).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as("%s: %s", line, said).isZero();
    return said;
  }

  private void serve(String line) throws Exception {
    Path output = Files.createTempFile(folder, "server", "");
    server = command(line).redirectOutput(output.toFile()).start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!Files.readString(output).contains("ready")) {
      assertThat(server.isAlive()).as("%s: %s", line, Files.readString(output)).isTrue();
      assertThat(System.nanoTime()).as("%s is ready in time", line).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private ProcessBuilder command(String line) {
    String absolute = line.replaceFirst("^millrace ", PROGRAM + " ");
    return new ProcessBuilder("sh", "-c", "exec " + absolute)
        .directory(folder.toFile())
        .redirectErrorStream(true);
  }
}
