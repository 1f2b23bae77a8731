package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands that a page of the documentation shows, to the letter, as its reader's shell does;
 * the program is the distribution's.
 */
final class PageShell {
  private static final long LIMIT_SECONDS = 60;

  private final Path folder;
  private final String program;
  private final List<Process> servers = new ArrayList<>();

  /**
   * A shell.
   *
   * @param folder the current one
   * @param program how the page calls the program
   */
  PageShell(Path folder, String program) {
    this.folder = folder;
    this.program = program;
  }

  /** The command with the program where it is. */
  String absolute(String line) {
    String start = program + " ";
    return line.startsWith(start)
        ? MillraceServer.PROGRAM + " " + line.substring(start.length())
        : line;
  }

  /** Runs a command that ends, in time and well; what it says. */
  String run(String line) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", "");
    Process process = command(line).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as(line).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as("%s: %s", line, said).isZero();
    return said;
  }

  /** Starts a server; returns when it says that it is ready. */
  void serve(String line) throws IOException {
    Path output = Files.createTempFile(folder, "server", "");
    Process server = command(line).redirectOutput(output.toFile()).start();
    servers.add(server);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!Files.readString(output).contains("ready")) {
      assertThat(server.isAlive()).as("%s: %s", line, Files.readString(output)).isTrue();
      assertThat(System.nanoTime()).as("%s is ready in time", line).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private ProcessBuilder command(String line) {
    return new ProcessBuilder("sh", "-c", "exec " + absolute(line))
        .directory(folder.toFile())
        .redirectErrorStream(true);
  }

  /** Ends the servers, which end well. */
  void stopServers() throws InterruptedException {
    for (Process server : servers) {
      server.destroy();
      assertThat(server.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isZero();
    }
  }
}
