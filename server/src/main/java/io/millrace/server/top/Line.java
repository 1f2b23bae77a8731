package io.millrace.server.top;

/**
 * A line of the screen, every character of it one column wide.
 *
 * @param text as wide as the screen, or less
 */
record Line(String text, Style style) {
  /** How it is shown. */
  enum Style {
    PLAIN,
    TITLE,
    HEADING,
    SELECTED,
    HINT
  }

  static Line plain(String text) {
    return new Line(text, Style.PLAIN);
  }

  /** The same, cut off at a width. */
  Line cut(int width) {
    return text.length() <= width ? this : new Line(text.substring(0, width), style);
  }
}
