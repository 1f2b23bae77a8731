package io.millrace.live.migration;

/** An in-flight region that makes no sense. Nothing in it was changed. */
public final class BadInflightException extends Exception {
  private static final long serialVersionUID = 1;

  /** With what is wrong, one line. */
  public BadInflightException(String message) {
    super(message);
  }
}
