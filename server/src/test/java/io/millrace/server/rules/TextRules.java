package io.millrace.server.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What every text file of the tree keeps to (STYLE: tidy). Pure functions over a file's text. */
final class TextRules {
  private static final int MAX_LINES = 400;

  // Put together so that this file does not break its own rule.
  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

  private static final Pattern SLEEP =
      Pattern.compile("\\b(Thread|TimeUnit\\.\\w+)\\.sl" + "eep\\(");

  private TextRules() {}

  /** Whether {@code name} is text that people write: not the data of a test. */
  static boolean appliesTo(String name) {
    return !name.contains("src/test/resources/");
  }

  /** Violations in {@code text}, each starting with the name and the line. */
  static List<String> violations(String name, String text) {
    List<String> found = new ArrayList<>();
    String[] lines = text.split("\n", -1);
    boolean tabsBelong = name.endsWith("Makefile") || name.endsWith(".c"); // by custom
    boolean test = name.contains("src/test/");
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i];
      String where = name + ":" + (i + 1) + ": ";
      if (!tabsBelong && line.indexOf('\t') >= 0) {
        found.add(where + "tab; indent with blanks");
      }
      if (!line.equals(line.stripTrailing())) {
        found.add(where + "trailing blank; remove it");
      }
      if (UNFINISHED.matcher(line).find()) {
        found.add(where + "unfinished work; do it, or open an issue and remove the mark");
      }
      if (test && SLEEP.matcher(line).find()) {
        found.add(where + "sleep in a test; wait for the condition with a deadline");
      }
    }
    if (!text.isEmpty() && !text.endsWith("\n")) {
      found.add(name + ": no newline at the end; add one");
    }
    if (isCode(name) && lines.length - 1 > MAX_LINES) {
      found.add(
          "%s: %d lines, at most %d; split it by its jobs"
              .formatted(name, lines.length - 1, MAX_LINES));
    }
    return found;
  }

  private static boolean isCode(String name) {
    return name.endsWith(".java") || name.endsWith(".sh") || name.endsWith(".c");
  }
}
