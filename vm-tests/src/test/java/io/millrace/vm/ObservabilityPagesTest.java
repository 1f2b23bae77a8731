package io.millrace.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/metrics.md and docs/top.md show, to the letter, with the distribution. */
@Timeout(180)
class ObservabilityPagesTest {
  private static final long LIMIT_SECONDS = 60;

  /** The port of the page, which may be another program's here. */
  private static final String PORT = "9464";

  @TempDir private Path folder;
  private PageShell shell;

  @BeforeEach
  void shellWithAnImage() throws IOException {
    shell = new PageShell(folder, "millrace");
    try (RandomAccessFile image = new RandomAccessFile(folder.resolve("disk.img").toFile(), "rw")) {
      image.setLength(16 << 20);
    }
  }

  @AfterEach
  void stopServer() throws InterruptedException {
    shell.stopServers();
  }

  @Test
  void metricsAreWhereThePageSaysAndTellOfSafepoints() throws Exception {
    DocumentedPage page = DocumentedPage.of("docs/metrics.md");
    String port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = Integer.toString(free.getLocalPort());
    }

    shell.serve(DocumentedPage.replace(page.command("millrace serve "), PORT, port));
    String metrics = read(DocumentedPage.replace(page.command("curl -s "), PORT, port));

    assertThat(metrics)
        .contains("millrace_build_info{version=\"Millrace v", "millrace_bdev_size_bytes{bdev=")
        .containsPattern("(?m)^jvm_safepoints_total [1-9]")
        .containsPattern("(?m)^jvm_safepoint_seconds_total \\d");
  }

  @Test
  void topPrintsWhatThePageSaysAndShowsItOnATerminal() throws Exception {
    DocumentedPage page = DocumentedPage.of("docs/top.md");
    shell.serve(page.command("millrace serve "));
    List<String> outputs = new ArrayList<>();

    for (String command : page.commands("millrace top ")) {
      outputs.add(
          Stream.of("--once", "-n ").anyMatch(command::contains)
              ? shell.run(command)
              : inTerminal(command, "vm0.sock "));
    }

    assertThat(outputs).hasSize(4);
    assertThat(outputs.subList(0, 3))
        .allMatch(out -> out.contains("DEVICE  ") && out.contains("vm0.sock"));
    assertThat(outputs.getLast()).startsWith("{\"time\":\"").contains("\"name\":\"vm0.sock\"");
  }

  /** Runs a command as a user does who ends it by a key when he has seen what he waited for. */
  private String inTerminal(String command, String awaited) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("script", "-qec", shell.absolute(command), "/dev/null");
    builder.environment().put("TERM", "xterm");
    Process script = builder.directory(folder.toFile()).redirectErrorStream(true).start();
    StringBuilder screen = new StringBuilder();
    byte[] part = new byte[4096];
    boolean ended = false;
    for (int n = script.getInputStream().read(part);
        n >= 0;
        n = script.getInputStream().read(part)) {
      screen.append(new String(part, 0, n, UTF_8));
      if (!ended && screen.indexOf(awaited) >= 0) {
        script.getOutputStream().write('q');
        script.getOutputStream().flush();
        ended = true;
      }
    }
    assertThat(script.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(script.exitValue()).as("%s", screen).isZero();
    return screen.toString();
  }

  /** What curl would print: it need not be installed here. */
  private static String read(String curl) throws IOException {
    URI uri = URI.create(curl.substring(curl.lastIndexOf(' ') + 1));
    try (InputStream answer = uri.toURL().openStream()) {
      return new String(answer.readAllBytes(), UTF_8);
    }
  }
}
