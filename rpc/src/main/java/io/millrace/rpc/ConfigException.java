package io.millrace.rpc;

/** A configuration file cannot be used. The message is one line: file, line, what, what to do. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1;

  /** With the whole line. */
  public ConfigException(String message) {
    super(message);
  }

  /** With the whole line and where it came from. */
  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
