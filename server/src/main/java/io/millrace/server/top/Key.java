package io.millrace.server.top;

/** Keys that are no characters, as numbers that no character has. */
final class Key {
  static final int UP = -10;
  static final int DOWN = -11;
  static final int PAGE_UP = -12;
  static final int PAGE_DOWN = -13;
  static final int HOME = -14;
  static final int END = -15;
  static final int ENTER = '\r';
  static final int BACK = 0x1b;
  static final int TAB = '\t';

  /** Something else, or nothing at all. */
  static final int NONE = -2;

  private Key() {}
}
