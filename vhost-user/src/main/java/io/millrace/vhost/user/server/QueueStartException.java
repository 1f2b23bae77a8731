package io.millrace.vhost.user.server;

/** A device cannot serve a queue; the message says why in one line. */
public final class QueueStartException extends Exception {
  private static final long serialVersionUID = 1;

  /** A failure. */
  public QueueStartException(String message) {
    super(message);
  }

  /** A failure that something below caused. */
  public QueueStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
