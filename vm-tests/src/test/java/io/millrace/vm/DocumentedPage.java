package io.millrace.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** A page of the documentation, of which a test runs what it shows, to the letter. */
record DocumentedPage(String text) {
  /** The folder of the repository. */
  static final Path ROOT = Lab.MODULE.getParent();

  static DocumentedPage of(String path) throws IOException {
    return new DocumentedPage(Files.readString(ROOT.resolve(path)));
  }

  /** The only code block of this language. */
  String block(String language) {
    List<String> blocks = blocks(language);
    if (blocks.size() != 1) {
      throw new AssertionError(blocks.size() + " blocks of " + language + ", not one");
    }
    return blocks.getFirst();
  }

  /** The commands of all {@code sh} blocks that begin so, each with the lines that continue it. */
  List<String> commands(String start) {
    return blocks("sh").stream()
        .flatMap(block -> block.replace("\\\n", "").lines())
        .filter(line -> line.startsWith(start))
        .toList();
  }

  /** The only command that begins so. */
  String command(String start) {
    List<String> commands = commands(start);
    if (commands.size() != 1) {
      throw new AssertionError(commands.size() + " commands '" + start + "', not one");
    }
    return commands.getFirst();
  }

  /** The text with another word in the place of one that has to be there. */
  static String replace(String text, String word, String other) {
    if (!text.contains(word)) {
      throw new AssertionError("no '" + word + "' in: " + text);
    }
    return text.replace(word, other);
  }

  private List<String> blocks(String language) {
    return Pattern.compile("(?s)```" + language + "\n(.*?)```")
        .matcher(text)
        .results()
        .map(block -> block.group(1))
        .toList();
  }
}
