package io.millrace.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Counters to wake a waiter by, eventfd(2): kicks and calls of a virtqueue, wake-ups of a reactor,
 * work for threads.
 */
public final class EventFd {
  static final int EFD_CLOEXEC = 0x80000;
  static final int EFD_NONBLOCK = 0x800;
  static final int EFD_SEMAPHORE = 1;

  static final int F_GETFL = 3;
  static final int F_SETFL = 4;

  private static final int RWF_NOWAIT = 8;
  private static final int NO_OFFSET = -1;
  private static final int POLLFD_EVENTS = 4; // struct pollfd: fd, then events

  private static final String KIND = "anon_inode:[eventfd]";
  private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);
  private static final long ONE_ADDRESS = ONE.address();

  private EventFd() {}

  /** A new one with counter 0, non-blocking and close-on-exec, owned by the caller. */
  public static FileDescriptor create() throws LinuxException {
    long number = Syscall.call(Syscall.EVENTFD2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    return FileDescriptor.own((int) LinuxException.check(number, "create", "eventfd"));
  }

  /**
   * Makes an eventfd that another process sent fit for {@link #signal}: non-blocking. The mode is
   * shared with whoever else has the eventfd.
   *
   * @throws LinuxException EINVAL when it is something else: a write to that could block all the
   *     same
   */
  public static void adopt(FileDescriptor fd) throws LinuxException {
    if (!isEventFd(fd)) {
      throw new LinuxException("use " + fd + " as an eventfd", Errno.EINVAL.number());
    }
    long flags =
        LinuxException.check(Syscall.call(Syscall.FCNTL, fd.number(), F_GETFL), "look at", fd);
    if ((flags & EFD_NONBLOCK) == 0) {
      long set = Syscall.call(Syscall.FCNTL, fd.number(), F_SETFL, flags | EFD_NONBLOCK);
      LinuxException.check(set, "make non-blocking", fd);
    }
  }

  private static boolean isEventFd(FileDescriptor fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd.number())).endsWith(KIND);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Adds 1 to the counter, which wakes whoever waits. Never throws or allocates, and never blocks
   * on a non-blocking descriptor: a counter that is full already says what this would. About 400
   * ns.
   */
  public static void signal(int fd) {
    Syscall.call(Syscall.WRITE, fd, ONE_ADDRESS, Long.BYTES, 0, 0, 0);
  }

  /**
   * Takes the counter back to 0 and returns what it was; 0 when there was nothing. Non-blocking
   * descriptors only.
   */
  public static long drain(int fd) {
    long scratch = Syscall.scratch();
    long bytes = Syscall.call(Syscall.READ, fd, scratch, Long.BYTES, 0, 0, 0);
    return bytes == Long.BYTES ? RawMemory.getLong(scratch) : 0;
  }

  /**
   * Whether the counter is as high as it goes, so that {@link #signal} waits if somebody has made
   * the descriptor blocking.
   */
  public static boolean isFull(int fd) {
    long pollfd = Syscall.scratch();
    RawMemory.putInt(pollfd, fd);
    RawMemory.putInt(pollfd + POLLFD_EVENTS, DescriptorPassing.POLLOUT);
    return Syscall.call(Syscall.POLL, pollfd, 1, 0, 0, 0, 0) == 0;
  }

  /**
   * Takes the counter back to 0 if it is not, which lets a {@link #signal} that waits go on. Never
   * waits, whatever somebody has made of the descriptor meanwhile: unlike a write, a read can be
   * told so.
   */
  public static void empty(int fd) {
    long value = Syscall.scratch();
    long iovec = value + Long.BYTES;
    Iovec.set(iovec, value, Long.BYTES);
    Syscall.call(Syscall.PREADV2, fd, iovec, 1, NO_OFFSET, NO_OFFSET, RWF_NOWAIT);
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
    Syscall.call(Syscall.WRITE, fd, scratch, Long.BYTES, 0, 0, 0);
  }

  /** Waits until the semaphore's counter is not 0 and takes 1 from it; blocks the thread. */
  public static void take(int fd) {
    long scratch = Syscall.scratch();
    long bytes;
    do {
      bytes = Syscall.call(Syscall.READ, fd, scratch, Long.BYTES, 0, 0, 0);
    } while (bytes != Long.BYTES); // a signal came in between; the JVM uses some
  }
}
