package io.millrace.bdev;

/** A bdev could not be made, found, opened or removed. The message is one line for the operator. */
public final class BdevException extends Exception {
  private static final long serialVersionUID = 1;

  /** What kind of failure it was. */
  public enum Kind {
    /** There is no bdev of that name. */
    NOT_FOUND,
    /** The name or the UUID is taken. */
    EXISTS,
    /** Somebody writes to the bdev or the image, in this process or another. */
    BUSY,
    /** A module stacked on the bdev keeps it to itself. */
    CLAIMED,
    /** A parameter or the image is not acceptable. */
    INVALID,
    /** The system refused: open, map or read failed. */
    SYSTEM,
    /** The bdev takes no writes. */
    READ_ONLY
  }

  private final Kind kind;

  /**
   * A failure.
   *
   * @param message where, what, and what to do about it
   */
  public BdevException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /** A failure that something below caused. */
  public BdevException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** What kind of failure it was. */
  public Kind kind() {
    return kind;
  }
}
