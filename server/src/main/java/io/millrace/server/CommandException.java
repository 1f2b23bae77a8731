package io.millrace.server;

/** A command cannot go on: its message goes to stderr as one line, its code is the process's. */
final class CommandException extends Exception {
  /** It failed while it ran. */
  static final int FAILED = 1;

  /** The command line, the configuration, an image or a socket is wrong. */
  static final int MISUSED = 2;

  private static final long serialVersionUID = 1;

  private final int exitCode;

  private CommandException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  private CommandException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** A run-time failure. */
  static CommandException failed(String message) {
    return new CommandException(FAILED, message);
  }

  /** Something the user gave is wrong. */
  static CommandException misused(String message) {
    return new CommandException(MISUSED, message);
  }

  /** Something the user gave is wrong, as the cause says in its message. */
  static CommandException misused(Throwable cause) {
    return new CommandException(MISUSED, describe(cause), cause);
  }

  /** A run-time failure, as the cause says in its message. */
  static CommandException failed(Throwable cause) {
    return new CommandException(FAILED, describe(cause), cause);
  }

  private static String describe(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.toString() : message;
  }

  int exitCode() {
    return exitCode;
  }
}
