package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what README shows of the program, in its order and to the letter, with the distribution. */
@Timeout(120)
class ReadmeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final String PROGRAM = "server/target/millrace/bin/millrace ";
  private static final Pattern JSON = Pattern.compile("(?s)```json\n(.*?)```");
  private static final long LIMIT_SECONDS = 40;

  @TempDir private Path folder;

  private final List<Process> servers = new ArrayList<>();

  @AfterEach
  void stopServers() throws InterruptedException {
    for (Process server : servers) {
      server.destroy();
      assertThat(server.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(server.exitValue()).isZero();
    }
  }

  @Test
  void everyCommandOfTheReadmeDoesWhatItSays() throws Exception {
    String readme = Files.readString(ROOT.resolve("README.md"));
    var config = JSON.matcher(readme);
    assertThat(config.find()).isTrue();
    Files.writeString(folder.resolve("config.json"), config.group(1));
    List<String> done = new ArrayList<>();

    for (String line : readme.split("\n", -1)) {
      if (line.startsWith("truncate ")) {
        run(line);
      } else if (line.startsWith(PROGRAM + "serve ")) {
        serve(line);
        done.add("serve");
      } else if (line.startsWith(PROGRAM)) {
        String output = run(line);
        boolean rpc = line.startsWith(PROGRAM + "rpc ");
        assertThat(output).contains(rpc ? "\"Malloc0\"" : "IOPS=");
        done.add(rpc ? "rpc" : "perf");
      }
    }

    assertThat(done).containsExactly("serve", "perf", "serve", "rpc");
  }

  private ProcessBuilder command(String line) {
    String absolute = line.replace(PROGRAM, ROOT.resolve(PROGRAM.strip()) + " ");
    return new ProcessBuilder("sh", "-c", "exec " + absolute)
        .directory(folder.toFile())
        .redirectErrorStream(true);
  }

  private String run(String line) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", "");
    Process process = command(line).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as(line).isTrue();
    String said = Files.readString(output);
    assertThat(process.exitValue()).as("%s: %s", line, said).isZero();
    return said;
  }

  private void serve(String line) throws Exception {
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
}
