package io.millrace.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An owned file descriptor. {@link #close} closes it exactly once, later calls do nothing. Any
 * thread.
 */
public final class FileDescriptor implements AutoCloseable {
  private static final int CLOSED = -1;
  static final int F_DUPFD_CLOEXEC = 1030;

  private final AtomicInteger number;

  private FileDescriptor(int number) {
    this.number = new AtomicInteger(number);
  }

  /** Takes over {@code number}: from now on the result alone closes it. */
  public static FileDescriptor own(int number) {
    if (number < 0) {
      throw new IllegalArgumentException("not a file descriptor: " + number);
    }
    return new FileDescriptor(number);
  }

  /**
   * The kernel's number. Throws {@link IllegalStateException} when closed: the number may be
   * somebody else's by now.
   */
  public int number() {
    int n = number.get();
    if (n == CLOSED) {
      throw new IllegalStateException("file descriptor is closed");
    }
    return n;
  }

  /** A new descriptor of the same open file (close-on-exec), owned by the caller. */
  public FileDescriptor duplicate() throws LinuxException {
    long copy = Syscall.call(Syscall.FCNTL, number(), F_DUPFD_CLOEXEC, 0);
    return own((int) LinuxException.check(copy, "duplicate", this));
  }

  /** The number, for somebody else to close: this is closed from now on, without a call. */
  public int release() {
    int n = number.getAndSet(CLOSED);
    if (n == CLOSED) {
      throw new IllegalStateException("file descriptor is closed");
    }
    return n;
  }

  /**
   * Closes the descriptor. The kernel releases it even when close(2) reports an error, so nothing
   * is reported.
   */
  @Override
  public void close() {
    int n = number.getAndSet(CLOSED);
    if (n != CLOSED) {
      Syscall.call(Syscall.CLOSE, n);
    }
  }

  @Override
  public String toString() {
    int n = number.get();
    return n == CLOSED ? "closed fd" : "fd " + n;
  }
}
