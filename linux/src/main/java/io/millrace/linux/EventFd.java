package io.millrace.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Counters to wake a waiter by, eventfd(2): kicks and calls of a virtqueue, wake-ups of a reactor.
 */
public final class EventFd {
  static final int EFD_CLOEXEC = 0x80000;
  static final int EFD_NONBLOCK = 0x800;

  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);
  private static final long ONE_ADDRESS = ONE.address();

  private EventFd() {}

  /** A new one with counter 0, non-blocking and close-on-exec, owned by the caller. */
  public static FileDescriptor create() throws LinuxException {
    long number = Syscall.call(Syscall.EVENTFD2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    return FileDescriptor.own((int) LinuxException.check(number, "create", "eventfd"));
  }

  /**
   * Adds 1 to the counter, which wakes whoever waits. Never throws or allocates, and never blocks
   * on a non-blocking descriptor: a counter that is full already says what this would. About 400
   * ns.
   */
  public static void signal(int fd) {
    Syscall.fast(Syscall.WRITE, fd, ONE_ADDRESS, Long.BYTES, 0, 0, 0);
  }

  /**
   * Takes the counter back to 0 and returns what it was; 0 when there was nothing. Non-blocking
   * descriptors only.
   */
  public static long drain(int fd) {
    long scratch = Syscall.scratch();
    long bytes = Syscall.fast(Syscall.READ, fd, scratch, Long.BYTES, 0, 0, 0);
    return bytes == Long.BYTES ? RawMemory.getLong(scratch) : 0;
  }
}
