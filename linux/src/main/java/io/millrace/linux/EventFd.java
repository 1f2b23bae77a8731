package io.millrace.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Counters to wake a waiter by, eventfd(2): kicks and calls of a virtqueue, wake-ups of a reactor,
 * work for threads.
 */
public final class EventFd {
  static final int EFD_CLOEXEC = 0x80000;
  static final int EFD_NONBLOCK = 0x800;
  static final int EFD_SEMAPHORE = 1;

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

  /**
   * A semaphore with counter 0, close-on-exec, owned by the caller: {@link #add} gives, {@link
   * #take} waits and takes one.
   */
  public static FileDescriptor createSemaphore() throws LinuxException {
    long number = Syscall.call(Syscall.EVENTFD2, 0, EFD_CLOEXEC | EFD_SEMAPHORE);
    return FileDescriptor.own((int) LinuxException.check(number, "create", "eventfd"));
  }

  /**
   * Adds to the counter; allocates nothing. {@code count} is 1 or more, and so small that the sum
   * stays below 2^64 - 1, or the call would block.
   */
  public static void add(int fd, int count) {
    long scratch = Syscall.scratch();
    RawMemory.putLong(scratch, count);
    Syscall.fast(Syscall.WRITE, fd, scratch, Long.BYTES, 0, 0, 0);
  }

  /** Waits until the semaphore's counter is not 0 and takes 1 from it; blocks the thread. */
  public static void take(int fd) {
    long scratch = Syscall.scratch();
    long bytes;
    do {
      bytes = Syscall.fast(Syscall.READ, fd, scratch, Long.BYTES, 0, 0, 0);
    } while (bytes != Long.BYTES); // a signal came in between; the JVM uses some
  }
}
