package io.millrace.vhost.user.server;

/** A front-end asked for what cannot be: its session ends. The message is one line. */
final class SessionException extends Exception {
  private static final long serialVersionUID = 1;

  SessionException(String message) {
    super(message);
  }

  SessionException(String message, Throwable cause) {
    super(message, cause);
  }
}
