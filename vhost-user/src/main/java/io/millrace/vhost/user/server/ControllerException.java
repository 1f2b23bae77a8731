package io.millrace.vhost.user.server;

import io.millrace.linux.Errno;

/** A controller cannot be as it is wanted; the message is one line for people. */
public final class ControllerException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /** With the error number that says the same. */
  public ControllerException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  /** What kind of refusal it is. */
  public Errno errno() {
    return errno;
  }
}
