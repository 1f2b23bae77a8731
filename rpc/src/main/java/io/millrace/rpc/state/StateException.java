package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;

/** A state directory cannot be used, or written. One line: which file, what, what to do. */
public final class StateException extends Exception {
  private static final long serialVersionUID = 1;

  private final Errno errno;

  /** With the whole line; {@link #errno} is EIO. */
  public StateException(String message) {
    this(Errno.EIO, message);
  }

  /** With the whole line and what it is called by number. */
  public StateException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  /** With the whole line and where it came from; {@link #errno} is the kernel's if it said one. */
  public StateException(String message, Throwable cause) {
    super(message, cause);
    this.errno = cause instanceof LinuxException known ? known.errno() : Errno.EIO;
  }

  /** Why, as a caller would compare it: ENOSPC when the disk is full. */
  public Errno errno() {
    return errno;
  }
}
