package io.millrace.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/perf.md shows, in its order and to the letter, with the distribution. */
@Timeout(180)
class PerfPageTest {
  @TempDir private Path folder;
  private PageShell shell;

  @BeforeEach
  void shellWithImages() throws IOException {
    shell = new PageShell(folder, "millrace");
    for (String name : List.of("disk.img", "other.img")) {
      try (RandomAccessFile image = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
        image.setLength(16 << 20);
      }
    }
  }

  @AfterEach
  void stopServer() throws InterruptedException {
    shell.stopServers();
  }

  @Test
  void everyCommandOfThePageDoesWhatItSays() throws Exception {
    List<String> outputs = new ArrayList<>();
    for (String line : Files.readAllLines(DocumentedPage.ROOT.resolve("docs/perf.md"))) {
      if (line.startsWith("millrace serve ")) {
        shell.serve(line);
      } else if (line.startsWith("millrace perf ")) {
        outputs.add(shell.run(line));
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
    String perf =
        MillraceServer.PROGRAM + " perf --bdev null:1g --rw=randread --time_based --runtime=2";
    Process script =
        new ProcessBuilder("script", "-qec", perf, "/dev/null").redirectErrorStream(true).start();
    String screen = new String(script.getInputStream().readAllBytes(), UTF_8);

    assertThat(script.waitFor()).isZero();
    assertThat(screen).contains("\r\033[KJobs: 1: [").contains("IOPS][eta 00m:0");
  }
}
