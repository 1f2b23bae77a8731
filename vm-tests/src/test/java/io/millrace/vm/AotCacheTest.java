package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the distribution has of its AOT cache and of the options that its launcher starts Java with.
 */
@Timeout(60)
class AotCacheTest {
  /** Forms that the training run happens not to need. Without the list there are more than 30. */
  private static final int FEW = 5;

  @RegisterExtension private final Lab lab = new Lab();

  @Test
  void aStartMakesHardlyAClassForMethodHandles() throws Exception {
    List<String> resolved = start("-Djava.lang.invoke.MethodHandle.TRACE_RESOLVE=true");

    assertThat(resolved).as("forms that are there").anyMatch(line -> line.endsWith("(success)"));
    assertThat(resolved)
        .filteredOn(line -> line.endsWith("(fail)") || line.endsWith("(generated)"))
        .hasSizeLessThanOrEqualTo(FEW);
  }

  /** A request's way is compiled in half the time with these, and faster from then on. */
  @Test
  void ringsAreReadWithTheAccessesOfTheJvmItself() throws Exception {
    // Of these alone: who prints more than a pipe holds waits for somebody who reads on.
    List<String> compiled =
        start("-XX:CompileCommand=PrintCompilation,io.millrace.linux.HotSpotMemory::*");

    assertThat(compiled)
        .anyMatch(
            line -> line.matches(".*io\\.millrace\\.linux\\.HotSpotMemory::\\w+ \\(.*bytes\\)"));
  }

  /** What a server that is started with one more option prints until it is ready. */
  private List<String> start(String option) throws Exception {
    lab.image("disk.img", 1 << 20);
    Process server =
        lab.start(
            List.of(
                "env",
                "JDK_JAVA_OPTIONS=" + option,
                MillraceServer.PROGRAM.toString(),
                "serve",
                "--blk",
                "vm0.sock=disk.img"),
            "server.log",
            true);
    return untilReady(server.inputReader());
  }

  private static List<String> untilReady(BufferedReader output) throws Exception {
    List<String> lines = new ArrayList<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith("ready: ")) {
        return lines;
      }
      lines.add(line);
    }
    throw new AssertionError("it ended before it was ready: " + lines);
  }
}
