package io.millrace.linux;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * Files and block devices: one system call a method. They may wait for a disk, so not on a
 * reactor's request path.
 */
public final class LinuxFiles {
  /** {@link #allocate} leaves the file's length alone. */
  public static final int FALLOC_FL_KEEP_SIZE = 1;

  /**
   * {@link #allocate} deallocates instead; with {@link #FALLOC_FL_KEEP_SIZE}. Reads give zeroes
   * afterwards.
   */
  public static final int FALLOC_FL_PUNCH_HOLE = 2;

  /** {@link #allocate} makes the range read as zeroes, allocated where the file system can. */
  public static final int FALLOC_FL_ZERO_RANGE = 0x10;

  static final int AT_FDCWD = -100;
  static final int AT_EMPTY_PATH = 0x1000;
  static final int BLKSSZGET = 0x1268;
  static final int BLKPBSZGET = 0x127b;
  static final int BLKGETSIZE64 = 0x80081272;
  static final int BLKDISCARD = 0x1277;
  static final int F_OFD_GETLK = 36;
  static final int F_OFD_SETLK = 37;
  static final short F_RDLCK = 0;
  static final short F_WRLCK = 1;
  static final short F_UNLCK = 2;
  static final int FLOCK_BYTES = 32;
  static final int FLOCK_TYPE = 0;
  static final int FLOCK_START = 8;
  static final int FLOCK_LEN = 16;

  static final int LOCK_EX = 2;
  static final int LOCK_NB = 4;

  private static final int CREATE_MODE = 0644;
  private static final int KEEP_ID = -1;

  private LinuxFiles() {}

  /** Opens {@code path}, close-on-exec; the caller owns the result. */
  public static FileDescriptor open(Path path, OpenFlag... flags) throws LinuxException {
    int bits = OpenFlag.O_CLOEXEC;
    for (OpenFlag flag : flags) {
      bits |= flag.bits;
    }
    try (Arena arena = Arena.ofConfined()) {
      long name = nameOf(path, arena);
      long fd = retrying(Syscall.OPENAT, AT_FDCWD, name, bits, CREATE_MODE);
      return FileDescriptor.own((int) LinuxException.check(fd, "open", path));
    }
  }

  /** What an open file is and how long. */
  public static FileStatus status(FileDescriptor fd) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return status(fd.number(), arena.allocateFrom("").address(), AT_EMPTY_PATH, fd);
    }
  }

  /** What a file is and how long; follows symbolic links. */
  public static FileStatus status(Path path) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return status(AT_FDCWD, nameOf(path, arena), 0, path);
    }
  }

  private static FileStatus status(int directory, long name, int flags, Object what)
      throws LinuxException {
    long statx = Syscall.scratch();
    int mask = FileStatus.STATX_BASIC_STATS | FileStatus.STATX_DIOALIGN;
    long result = Syscall.call(Syscall.STATX, directory, name, flags, mask, statx);
    LinuxException.check(result, "statx", what);
    return FileStatus.read(statx);
  }

  /** Sets the length of a file. */
  public static void truncate(FileDescriptor fd, long size) throws LinuxException {
    LinuxException.check(retrying(Syscall.FTRUNCATE, fd.number(), size, 0, 0), "truncate", fd);
  }

  /**
   * Allocates, zeroes or deallocates a range of bytes: fallocate(2), {@code mode} an or of {@code
   * FALLOC_FL_*}.
   */
  public static void allocate(FileDescriptor fd, int mode, long offset, long length)
      throws LinuxException {
    long result = retrying(Syscall.FALLOCATE, fd.number(), mode, offset, length);
    LinuxException.check(result, "fallocate", fd);
  }

  /** Makes what was written durable: fdatasync(2). */
  public static void dataSync(FileDescriptor fd) throws LinuxException {
    LinuxException.check(retrying(Syscall.FDATASYNC, fd.number(), 0, 0, 0), "fdatasync", fd);
  }

  /**
   * Reads up to {@code length} bytes at {@code offset} of the file into memory; returns how many, 0
   * at the end.
   */
  public static int read(FileDescriptor fd, long address, int length, long offset)
      throws LinuxException {
    long count = retrying(Syscall.PREAD64, fd.number(), address, length, offset);
    return (int) LinuxException.check(count, "read", fd);
  }

  /**
   * Writes up to {@code length} bytes of memory at {@code offset} of the file; returns how many.
   */
  public static int write(FileDescriptor fd, long address, int length, long offset)
      throws LinuxException {
    long count = retrying(Syscall.PWRITE64, fd.number(), address, length, offset);
    return (int) LinuxException.check(count, "write", fd);
  }

  /** Size of a block device in bytes. ENOTTY when it is none. */
  public static long blockDeviceSize(FileDescriptor fd) throws LinuxException {
    return ioctl(fd, BLKGETSIZE64, "size of", Long.BYTES);
  }

  /** Bytes of the smallest unit a block device can address. */
  public static long blockDeviceLogicalBlock(FileDescriptor fd) throws LinuxException {
    return ioctl(fd, BLKSSZGET, "logical block of", Integer.BYTES);
  }

  /** Bytes of the smallest unit a block device can write without reading. */
  public static long blockDevicePhysicalBlock(FileDescriptor fd) throws LinuxException {
    return ioctl(fd, BLKPBSZGET, "physical block of", Integer.BYTES);
  }

  private static long ioctl(FileDescriptor fd, int request, String what, int bytes)
      throws LinuxException {
    long answer = Syscall.scratch();
    RawMemory.putLong(answer, 0);
    long command = Integer.toUnsignedLong(request);
    LinuxException.check(Syscall.call(Syscall.IOCTL, fd.number(), command, answer), what, fd);
    return bytes == Integer.BYTES
        ? Integer.toUnsignedLong(RawMemory.getInt(answer))
        : RawMemory.getLong(answer);
  }

  /**
   * Takes a shared lock on bytes of a file (F_OFD_SETLK, F_RDLCK), held by the open file until its
   * last descriptor is closed. Returns false when another holds an exclusive one; the bytes need
   * not exist.
   */
  public static boolean tryShareLock(FileDescriptor fd, long offset, long length)
      throws LinuxException {
    long result = lock(fd, F_OFD_SETLK, F_RDLCK, offset, length);
    if (result == -Errno.EAGAIN.number() || result == -Errno.EACCES.number()) {
      return false;
    }
    LinuxException.check(result, "lock", fd);
    return true;
  }

  /** Gives up this open file's locks on those bytes. */
  public static void unlock(FileDescriptor fd, long offset, long length) throws LinuxException {
    LinuxException.check(lock(fd, F_OFD_SETLK, F_UNLCK, offset, length), "unlock", fd);
  }

  /**
   * Whether another open file holds any lock on those bytes, so that an exclusive one would be
   * refused (F_OFD_GETLK).
   */
  public static boolean wouldConflict(FileDescriptor fd, long offset, long length)
      throws LinuxException {
    LinuxException.check(lock(fd, F_OFD_GETLK, F_WRLCK, offset, length), "test lock of", fd);
    return RawMemory.getShort(Syscall.scratch() + FLOCK_TYPE) != F_UNLCK;
  }

  /**
   * Takes the whole-file lock of flock(2), exclusively, held by the open file until its last
   * descriptor is closed. Returns false when another has it. It does not meet the byte locks above.
   */
  public static boolean tryLockWhole(FileDescriptor fd) throws LinuxException {
    long result = retrying(Syscall.FLOCK, fd.number(), LOCK_EX | LOCK_NB, 0, 0);
    if (result == -Errno.EAGAIN.number()) {
      return false;
    }
    LinuxException.check(result, "flock", fd);
    return true;
  }

  private static long lock(FileDescriptor fd, int command, short type, long offset, long length) {
    long flock = Syscall.scratch();
    RawMemory.fill(
        flock,
        FLOCK_BYTES,
        (byte) 0); // whence SEEK_SET; pid must be 0 for open file description locks
    RawMemory.putShort(flock + FLOCK_TYPE, type);
    RawMemory.putLong(flock + FLOCK_START, offset);
    RawMemory.putLong(flock + FLOCK_LEN, length);
    return Syscall.call(Syscall.FCNTL, fd.number(), command, flock);
  }

  /** Sets the twelve mode bits of a file. */
  public static void setMode(Path path, int mode) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long result = Syscall.call(Syscall.FCHMODAT, AT_FDCWD, nameOf(path, arena), mode);
      LinuxException.check(result, "set mode 0" + Integer.toOctalString(mode) + " of", path);
    }
  }

  /** Gives a file to a group; its owner stays. */
  public static void setGroup(Path path, int gid) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long result = Syscall.call(Syscall.FCHOWNAT, AT_FDCWD, nameOf(path, arena), KEEP_ID, gid, 0);
      LinuxException.check(result, "set group " + gid + " of", path);
    }
  }

  private static long nameOf(Path path, Arena arena) {
    return arena.allocateFrom(path.toString()).address();
  }

  /**
   * A signal (the JVM uses them too) may interrupt a call before it did anything: then it is made
   * again.
   */
  private static long retrying(int number, long a, long b, long c, long d) {
    long result;
    do {
      result = Syscall.call(number, a, b, c, d);
    } while (result == -Errno.EINTR.number());
    return result;
  }
}
