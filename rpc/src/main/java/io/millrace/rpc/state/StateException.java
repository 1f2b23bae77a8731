package io.millrace.rpc.state;

/** A state directory cannot be used, or written. One line: which file, what, what to do. */
public final class StateException extends Exception {
  private static final long serialVersionUID = 1;

  /** With the whole line. */
  public StateException(String message) {
    super(message);
  }

  /** With the whole line and where it came from. */
  public StateException(String message, Throwable cause) {
    super(message, cause);
  }
}
