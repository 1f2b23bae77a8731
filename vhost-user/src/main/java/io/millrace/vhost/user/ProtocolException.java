package io.millrace.vhost.user;

/**
 * The other side broke the protocol. The message is one line: which vhost-user message, what was
 * found, what was expected. Control flow may look at {@link #kind}; nothing else is meant for it.
 */
public final class ProtocolException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What was wrong. */
  public enum Kind {
    /** Wrong version, or the reply bit where it must not be, or missing. */
    BAD_HEADER,
    /** A request code that the protocol does not have. */
    UNKNOWN_REQUEST,
    /** Payload too short, too long, or at odds with a length inside it. */
    BAD_SIZE,
    /** More or fewer file descriptors than the message carries. */
    BAD_DESCRIPTORS,
    /** A field holds what can never be valid. */
    BAD_VALUE,
    /** The connection ended inside a message. */
    CUT_OFF
  }

  private final Kind kind;

  /**
   * Makes one.
   *
   * @param kind what was wrong
   * @param message one line for the log
   */
  public ProtocolException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /**
   * What was wrong.
   *
   * @return never null
   */
  public Kind kind() {
    return kind;
  }
}
