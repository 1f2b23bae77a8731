package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code make fuzz} runs. */
class FuzzTargetsTest {
  private static final String SCRIPT = "build/fuzz.sh";
  private static final String ANNOTATION = "  @Fuzz" + "Test\n"; // in parts: this is none

  @Test
  void everyFuzzTestIsRunAndHasACorpus() throws Exception {
    List<String> expected = new ArrayList<>();
    for (Path file : SourceTree.files(".java")) {
      if (SourceTree.read(file).contains(ANNOTATION)) {
        expected.add(file.getFileName().toString().replace(".java", ""));
      }
    }
    List<String> classes = new ArrayList<>();
    for (String line : run(0, "list").split("\n", -1)) {
      if (!line.isEmpty()) {
        String[] words = line.split(" ", -1); // module, class, method
        Path inputs =
            Path.of(
                words[0], "src/test/resources", words[1].replace('.', '/') + "Inputs", words[2]);
        assertThat(SourceTree.ROOT.resolve(inputs)).as("seeds of " + line).isNotEmptyDirectory();
        classes.add(words[1].substring(words[1].lastIndexOf('.') + 1));
      }
    }

    assertThat(classes).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void whatIsNoTimeAndWhatIsNoTargetIsRefused() throws Exception {
    assertThat(run(2, "1m")).startsWith("fuzz: TIME is a number of seconds").hasLineCount(1);
    assertThat(run(2, "1", "NoTarget")).startsWith("fuzz: no target matches").hasLineCount(1);
  }

  private static String run(int exit, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(SourceTree.ROOT.resolve(SCRIPT).toString()));
    command.addAll(List.of(arguments));
    Process script = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(script.waitFor()).as(output).isEqualTo(exit);
    return output;
  }
}
