package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The lines in docs/troubleshooting.md are those that the program prints. */
class TroubleshootingPageTest {
  private static final Path PAGE = Path.of("docs/troubleshooting.md");
  private static final Pattern BLOCK = Pattern.compile("(?s)```text\n(.*?)```");
  private static final Pattern JOINED_LITERALS = Pattern.compile("\"\\s*\\+\\s*\"");

  /** What is shorter stands everywhere. */
  private static final int SHORTEST = 4;

  @Test
  void everyLineOfThePageStandsInTheSource() throws Exception {
    String sources = sources();
    List<String> invented = new ArrayList<>();
    int lines = 0;
    for (String line : lines(SourceTree.read(PAGE))) {
      lines++;
      for (String part : line.split("…", -1)) {
        String text = part.strip().replace("\"", "\\\"");
        if (text.length() >= SHORTEST && !sources.contains(text)) {
          invented.add(line + "  <- " + text);
        }
      }
    }

    assertThat(invented).isEmpty();
    assertThat(lines).isGreaterThan(30);
  }

  private static List<String> lines(String page) {
    return BLOCK.matcher(page).results().flatMap(block -> block.group(1).lines()).toList();
  }

  /** All of the product's code, its literals as they are at run time, their gaps cut out. */
  private static String sources() throws Exception {
    StringBuilder all = new StringBuilder();
    for (Path file : SourceTree.files(".java")) {
      if (file.toString().contains("src/main/java")) {
        all.append(SourceTree.read(file));
      }
    }
    return JOINED_LITERALS.matcher(all).replaceAll("");
  }
}
