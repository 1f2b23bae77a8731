package io.millrace.initiator;

import java.io.IOException;

/** The other side could not be reached, refused, or broke the protocol. One line each. */
public final class InitiatorException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Kind {
    /** Nobody listens, or nobody answers in time. */
    UNREACHABLE,
    /** The back-end closed the connection. */
    CLOSED,
    /** The back-end answered with a failure. */
    REFUSED,
    /** The back-end broke the protocol. */
    PROTOCOL,
    /** The back-end does not have what is needed. */
    UNSUPPORTED
  }

  private final Kind kind;

  /** Makes one with a line for the log. */
  public InitiatorException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** Makes one with a line for the log and what it comes from. */
  public InitiatorException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What went wrong. */
  public Kind kind() {
    return kind;
  }
}
