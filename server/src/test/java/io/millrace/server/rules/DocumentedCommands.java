package io.millrace.server.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Finds the commands that a document shows: lines of code blocks, and code in running text. */
final class DocumentedCommands {
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");

  /**
   * A command of ours with arguments at the start of a line, maybe behind a prompt, sudo or
   * variables.
   */
  private static final Pattern OURS =
      Pattern.compile(
          "(?:[$#] )?(?:sudo )?(?:[A-Z_]+=\\S+ )*(?:\\S*/)?"
              + "(make|mvn|mvnw|millrace|run\\.sh)( .*)");

  private DocumentedCommands() {}

  /** Each command as {@code make test ...}: the program without its folder, then what follows. */
  static List<String> in(String document) {
    List<String> found = new ArrayList<>();
    boolean block = false;
    String continued = "";
    for (String line : document.split("\n", -1)) {
      if (line.strip().startsWith("```")) {
        block = !block;
      } else if (block) {
        String whole = continued + line.strip();
        continued = whole.endsWith("\\") ? whole.substring(0, whole.length() - 1) : "";
        if (continued.isEmpty()) {
          add(whole, found);
        }
      } else {
        CODE.matcher(line).results().forEach(code -> add(code.group(1), found));
      }
    }
    return found;
  }

  private static void add(String text, List<String> found) {
    OURS.matcher(text)
        .results()
        .limit(1)
        .filter(match -> match.start() == 0)
        .map(DocumentedCommands::normal)
        .forEach(found::add);
  }

  private static String normal(MatchResult match) {
    String arguments = match.group(2).replaceFirst("\\s+#.*", "").strip();
    return (match.group(1) + " " + arguments).strip();
  }
}
