package io.millrace.rpc;

/** Names that callers give to what they make. */
public final class Names {
  /** Longest name, in characters. */
  private static final int MAX_LENGTH = 255;

  private Names() {}

  /** Whether a text can be a name: one that a message of one line can hold. */
  public static boolean isName(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_LENGTH
        && text.chars().noneMatch(Names::breaksALine);
  }

  private static boolean breaksALine(int character) {
    int type = Character.getType(character);
    return type == Character.CONTROL
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
