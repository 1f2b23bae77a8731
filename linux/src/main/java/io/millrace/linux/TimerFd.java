package io.millrace.linux;

/** A timer that a descriptor tells of, timerfd_create(2), for an epoll. Control threads only. */
public final class TimerFd {
  static final int CLOCK_MONOTONIC = 1;
  static final int TFD_CLOEXEC = 0x80000;
  static final int TFD_NONBLOCK = 0x800;
  static final int ITIMERSPEC_BYTES = 32;
  static final int ITIMERSPEC_VALUE = 16;

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private TimerFd() {}

  /** A new one that is not set, non-blocking and close-on-exec, owned by the caller. */
  public static FileDescriptor create() throws LinuxException {
    long number = Syscall.call(Syscall.TIMERFD_CREATE, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return FileDescriptor.own((int) LinuxException.check(number, "create", "timerfd"));
  }

  /**
   * Sets the timer, to another time if it is set: its descriptor is readable once that is over.
   *
   * @param delayNanos from now, 1 or more
   */
  public static void set(FileDescriptor timer, long delayNanos) {
    long spec = Syscall.scratch();
    RawMemory.fill(spec, ITIMERSPEC_BYTES, (byte) 0);
    RawMemory.putLong(spec + ITIMERSPEC_VALUE, delayNanos / NANOS_PER_SECOND);
    RawMemory.putLong(spec + ITIMERSPEC_VALUE + Long.BYTES, delayNanos % NANOS_PER_SECOND);
    long result = Syscall.call(Syscall.TIMERFD_SETTIME, timer.number(), 0, spec, 0);
    assert result == 0 : result; // fails for what is no timerfd or no time only
  }

  /** Makes it unreadable until it is set again and has run out. */
  public static void drain(FileDescriptor timer) {
    Syscall.call(Syscall.READ, timer.number(), Syscall.scratch(), Long.BYTES);
  }
}
