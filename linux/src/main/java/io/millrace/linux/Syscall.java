package io.millrace.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls: one function for all of them, so that one downcall handle has to be made at
 * start-up and glibc's version does not matter.
 *
 * <p>Arguments go as longs, addresses among them. The result is the kernel's own: not negative, or
 * {@code -errno}. The numbers are those of x86-64; {@code AbiTest} checks them against the C
 * headers.
 *
 * <p>It is not glibc's {@code syscall(2)}, which hides that result in {@code errno}: to have Java
 * keep that takes a segment of memory and a slice of it in each call where the compiler does not
 * inline all the way, and a handle of a second kind, which takes tens of milliseconds of a start to
 * link ({@link NativeCode} has ours).
 */
final class Syscall {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int CLOSE = 3;
  static final int POLL = 7;
  static final int MMAP = 9;
  static final int MPROTECT = 10;
  static final int MUNMAP = 11;
  static final int IOCTL = 16;
  static final int PREAD64 = 17;
  static final int PWRITE64 = 18;
  static final int MADVISE = 28;
  static final int GETPID = 39;
  static final int SOCKET = 41;
  static final int CONNECT = 42;
  static final int SENDMSG = 46;
  static final int RECVMSG = 47;
  static final int BIND = 49;
  static final int LISTEN = 50;
  static final int GETSOCKNAME = 51;
  static final int GETPEERNAME = 52;
  static final int SOCKETPAIR = 53;
  static final int GETSOCKOPT = 55;
  static final int KILL = 62;
  static final int FCNTL = 72;
  static final int FLOCK = 73;
  static final int FDATASYNC = 75;
  static final int FTRUNCATE = 77;
  static final int FSTATFS = 138;
  static final int GETPRIORITY = 140;
  static final int SETPRIORITY = 141;
  static final int GETTID = 186;
  static final int SCHED_SETAFFINITY = 203;
  static final int SCHED_GETAFFINITY = 204;
  static final int CLOCK_GETTIME = 228;
  static final int OPENAT = 257;
  static final int FCHOWNAT = 260;
  static final int FCHMODAT = 268;
  static final int TIMERFD_CREATE = 283;
  static final int FALLOCATE = 285;
  static final int TIMERFD_SETTIME = 286;
  static final int ACCEPT4 = 288;
  static final int EVENTFD2 = 290;
  static final int GETRANDOM = 318;
  static final int MEMFD_CREATE = 319;
  static final int PREADV2 = 327;
  static final int PWRITEV2 = 328;
  static final int STATX = 332;
  static final int IO_URING_SETUP = 425;
  static final int IO_URING_ENTER = 426;
  static final int IO_URING_REGISTER = 427;

  /**
   * Bytes of the per-thread scratch memory: the largest structure a call takes from it is {@code
   * struct statx}.
   */
  static final int SCRATCH_BYTES = 1024;

  private static final MethodHandle SYSCALL = NativeCode.systemCall();
  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private Syscall() {}

  /** Memory of one thread for the small structures of control calls. */
  private static final class Scratch {
    final MemorySegment memory = Arena.ofAuto().allocate(SCRATCH_BYTES, 16);
    final long address = memory.address();
  }

  /**
   * Address of {@value #SCRATCH_BYTES} bytes that belong to the calling thread, 16-byte aligned,
   * contents undefined. Only for the duration of one wrapper: nothing that runs in between may use
   * it too.
   */
  static long scratch() {
    return SCRATCH.get().address;
  }

  static long call(int number) {
    return call(number, 0, 0, 0, 0, 0, 0);
  }

  static long call(int number, long a) {
    return call(number, a, 0, 0, 0, 0, 0);
  }

  static long call(int number, long a, long b) {
    return call(number, a, b, 0, 0, 0, 0);
  }

  static long call(int number, long a, long b, long c) {
    return call(number, a, b, c, 0, 0, 0);
  }

  static long call(int number, long a, long b, long c, long d) {
    return call(number, a, b, c, d, 0, 0);
  }

  static long call(int number, long a, long b, long c, long d, long e) {
    return call(number, a, b, c, d, e, 0);
  }

  /** Makes the system call. Returns its result, or {@code -errno}. Allocates nothing. */
  static long call(int number, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) SYSCALL.invokeExact((long) number, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw sneaky(t);
    }
  }

  /**
   * A downcall itself throws nothing checked: what arrives here is an asynchronous error and goes
   * on as it is.
   */
  static RuntimeException sneaky(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
  }
}
