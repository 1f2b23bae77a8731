package io.millrace.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The one place where native code is called: {@code syscall(2)}, one native function for every
 * system call, so that one downcall handle has to be made at start-up and glibc's version does not
 * matter.
 *
 * <p>Arguments go as longs, addresses among them. The result is the kernel's own: not negative, or
 * {@code -errno}. The numbers are those of x86-64; {@code AbiTest} checks them against the C
 * headers.
 */
final class Syscall {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int CLOSE = 3;
  static final int POLL = 7;
  static final int MMAP = 9;
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

  private static final Linker LINKER = Linker.nativeLinker();
  private static final FunctionDescriptor SYSCALL_TYPE =
      FunctionDescriptor.of(
          JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SYSCALL =
      bind(
          "syscall",
          SYSCALL_TYPE,
          Linker.Option.captureCallState("errno"),
          Linker.Option.firstVariadicArg(1));
  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private Syscall() {}

  /** Linked when it is needed first: that takes tens of milliseconds, and no start needs it. */
  private static final class WithoutErrno {
    static final MethodHandle SYSCALL =
        bind("syscall", SYSCALL_TYPE, Linker.Option.firstVariadicArg(1));
  }

  /** Memory of one thread for errno and for the small structures of control calls. */
  private static final class Scratch {
    final MemorySegment errno = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
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

  /**
   * Makes the system call. Returns its result, or {@code -errno}. May allocate: see {@link #fast}.
   */
  static long call(int number, long a, long b, long c, long d, long e, long f) {
    MemorySegment errno = SCRATCH.get().errno;
    try {
      long result = (long) SYSCALL.invokeExact(errno, (long) number, a, b, c, d, e, f);
      return result == -1 ? -errno.get(JAVA_INT, 0) : result;
    } catch (Throwable t) {
      throw sneaky(t);
    }
  }

  /**
   * Makes the system call without learning why it failed: its result, or -1. Only primitives go
   * through this downcall, so that it allocates nothing however it is compiled; capturing errno
   * takes a segment, and that a slice of it when the compiler does not inline all the way.
   */
  static long fast(int number, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) WithoutErrno.SYSCALL.invokeExact((long) number, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw sneaky(t);
    }
  }

  /**
   * A downcall itself throws nothing checked: what arrives here is an asynchronous error and goes
   * on as it is.
   */
  private static RuntimeException sneaky(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return t instanceof RuntimeException e ? e : new IllegalStateException(t);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
    MemorySegment function = LINKER.defaultLookup().findOrThrow(name);
    return LINKER.downcallHandle(function, type, options);
  }
}
