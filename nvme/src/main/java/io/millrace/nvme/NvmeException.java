package io.millrace.nvme;

import java.util.concurrent.CompletionException;

/** Something a controller was asked for did not happen. One line for the operator. */
public final class NvmeException extends Exception {
  private static final long serialVersionUID = 1;

  /** What kind of failure it was. */
  public enum Kind {
    /** The device is not there any more. */
    GONE,
    /** The controller did not answer in time. */
    TIMEOUT,
    /** The controller says, or does, what the specification forbids. */
    PROTOCOL,
    /** The controller refused a command; {@link #status} says why. */
    REFUSED,
    /** The device or this system cannot do what was asked. */
    UNSUPPORTED,
    /** The system refused memory, registers or interrupts. */
    SYSTEM,
    /** The controller is being reset, is disabled, has failed, or is closed. */
    NOT_READY
  }

  private final Kind kind;
  private final int status;

  /**
   * A failure.
   *
   * @param message where, what, and what to do about it
   */
  public NvmeException(Kind kind, String message) {
    super(message);
    this.kind = kind;
    this.status = NvmeStatus.SUCCESS;
  }

  /** A failure that the system below caused. */
  public NvmeException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.status = NvmeStatus.SUCCESS;
  }

  /**
   * A command that the controller refused.
   *
   * @param what the device and the command
   * @param status as {@link NvmeStatus} has it
   */
  public NvmeException(String what, int status) {
    super(what + ": " + NvmeStatus.text(status));
    this.kind = Kind.REFUSED;
    this.status = status;
  }

  /** What a step of a chain failed by, without what the chain wraps it in. */
  public static Throwable cause(Throwable e) {
    Throwable cause = e.getCause();
    return e instanceof CompletionException && cause != null ? cause : e;
  }

  /** What kind of failure it was. */
  public Kind kind() {
    return kind;
  }

  /** The status of a REFUSED command, else SUCCESS. */
  public int status() {
    return status;
  }
}
