package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs what README shows of the program, in its order and to the letter, with the distribution. */
@Timeout(120)
class ReadmeTest {
  private static final String PROGRAM = "server/target/millrace/bin/millrace ";
  private static final Pattern JSON = Pattern.compile("(?s)```json\n(.*?)```");

  @TempDir private Path folder;
  private PageShell shell;

  @BeforeEach
  void shell() {
    shell = new PageShell(folder, PROGRAM.strip());
  }

  @AfterEach
  void stopServers() throws InterruptedException {
    shell.stopServers();
  }

  @Test
  void everyCommandOfTheReadmeDoesWhatItSays() throws Exception {
    String readme = Files.readString(DocumentedPage.ROOT.resolve("README.md"));
    var config = JSON.matcher(readme);
    assertThat(config.find()).isTrue();
    Files.writeString(folder.resolve("config.json"), config.group(1));
    List<String> done = new ArrayList<>();

    for (String line : readme.split("\n", -1)) {
      if (line.startsWith("truncate ")) {
        shell.run(line);
      } else if (line.startsWith(PROGRAM + "serve ")) {
        shell.serve(line);
        done.add("serve");
      } else if (line.startsWith(PROGRAM)) {
        String output = shell.run(line);
        boolean rpc = line.startsWith(PROGRAM + "rpc ");
        assertThat(output).contains(rpc ? "\"Malloc0\"" : "IOPS=");
        done.add(rpc ? "rpc" : "perf");
      }
    }

    assertThat(done).containsExactly("serve", "perf", "serve", "rpc");
  }
}
