package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the process' standard streams are; System.console() would tell of two of them only. */
enum StandardStream {
  INPUT,
  OUTPUT,
  ERROR;

  /** Whether it is a terminal. */
  boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + ordinal())).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether a user sits there, at a terminal that can move its cursor. */
  static boolean allAreTerminals() {
    return INPUT.isTerminal()
        && OUTPUT.isTerminal()
        && !"dumb".equals(System.getenv().getOrDefault("TERM", "dumb"));
  }
}
