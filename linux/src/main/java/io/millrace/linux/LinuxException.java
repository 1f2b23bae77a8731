package io.millrace.linux;

import java.io.IOException;

/**
 * A system call failed. The message says what was attempted, on what, and why: {@code open /x.img:
 * EACCES (…)}.
 */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1;

  private final int number;

  /** {@code attempted} is the operation and its object, {@code number} the positive errno. */
  public LinuxException(String attempted, int number) {
    super(attempted + ": " + text(number));
    this.number = number;
  }

  /** Why, by name. */
  public Errno errno() {
    return Errno.of(number);
  }

  /** Why, as the kernel's positive number. */
  public int number() {
    return number;
  }

  /** {@code EACCES (Permission denied)}, also for numbers without a name. */
  public static String text(int number) {
    Errno errno = Errno.of(number);
    return errno == Errno.UNKNOWN ? "errno " + number : errno + " (" + errno.describe() + ")";
  }

  /** The result of a system call as it is, or thrown when it is {@code -errno}. */
  static long check(long result, String operation, Object object) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(operation + " " + object, (int) -result);
    }
    return result;
  }
}
