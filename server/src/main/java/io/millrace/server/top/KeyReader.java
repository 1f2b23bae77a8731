package io.millrace.server.top;

import java.io.IOException;

/** From what a terminal sends to keys: ECMA-48's sequences, as xterm and its kin use them. */
final class KeyReader {
  /** Where characters come from. */
  @FunctionalInterface
  interface Input {
    /** The next character within a time; -1 at the end, -2 if none came. */
    int read(long millis) throws IOException;
  }

  /** The terminal is gone. */
  static final int END = -1;

  /** The rest of a sequence comes at once, over a slow network too; a lone Escape has none. */
  private static final long SEQUENCE_MILLIS = 60;

  private static final int ESCAPE = 0x1b;
  private static final int FIRST_FINAL = 0x40;
  private static final int MOST_PARAMETERS = 16;

  private final Input input;

  KeyReader(Input input) {
    this.input = input;
  }

  /** The next key: a character, one of {@link Key}'s, NONE, or END. */
  int read(long millis) throws IOException {
    int first = input.read(millis);
    if (first == END) {
      return END;
    }
    if (first != ESCAPE) {
      return first < 0 ? Key.NONE : first;
    }
    int second = input.read(SEQUENCE_MILLIS);
    if (second < 0 || second == ESCAPE) {
      return Key.BACK;
    }
    return second == '[' || second == 'O' ? sequence() : Key.NONE;
  }

  private int sequence() throws IOException {
    StringBuilder parameters = new StringBuilder();
    while (parameters.length() < MOST_PARAMETERS) {
      int c = input.read(SEQUENCE_MILLIS);
      if (c < 0) {
        return Key.NONE;
      }
      if (c >= FIRST_FINAL) {
        return key(c, parameters.toString());
      }
      parameters.append((char) c);
    }
    return Key.NONE;
  }

  private static int key(int last, String parameters) {
    return switch (last) {
      case 'A' -> Key.UP;
      case 'B' -> Key.DOWN;
      case 'C' -> Key.ENTER;
      case 'D' -> Key.BACK;
      case 'H' -> Key.HOME;
      case 'F' -> Key.END;
      case '~' ->
          switch (parameters) {
            case "1", "7" -> Key.HOME;
            case "4", "8" -> Key.END;
            case "5" -> Key.PAGE_UP;
            case "6" -> Key.PAGE_DOWN;
            default -> Key.NONE;
          };
      default -> Key.NONE;
    };
  }
}
