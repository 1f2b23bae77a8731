package io.millrace.linux;

/**
 * File I/O that blocks the calling thread until it is done, with the kernel's own results: bytes,
 * 0, or {@code -errno}, as a completion of {@link IoUring} has them. Nothing throws. Any thread.
 */
public final class BlockingIo {
  private BlockingIo() {}

  /** Reads into {@code count} buffers, {@code struct iovec[]} at {@code iovecs}: preadv2(2). */
  public static int readv(int fd, long iovecs, int count, long offset) {
    // The offset comes as two halves; on 64-bit the first has all of it.
    return (int) retrying(Syscall.PREADV2, fd, iovecs, count, offset, 0, 0);
  }

  /**
   * Writes {@code count} buffers, {@code struct iovec[]} at {@code iovecs}: pwritev2(2); {@code
   * rwFlags} 0 or {@link IoUring#RWF_DSYNC}.
   */
  public static int writev(int fd, long iovecs, int count, long offset, int rwFlags) {
    return (int) retrying(Syscall.PWRITEV2, fd, iovecs, count, offset, 0, rwFlags);
  }

  /** fdatasync(2). */
  public static int dataSync(int fd) {
    return (int) Syscall.call(Syscall.FDATASYNC, fd);
  }

  /** fallocate(2), {@code mode} an or of {@code LinuxFiles.FALLOC_FL_*}. */
  public static int allocate(int fd, int mode, long offset, long length) {
    return (int) retrying(Syscall.FALLOCATE, fd, mode, offset, length, 0, 0);
  }

  /**
   * Discards a range of a block device, BLKDISCARD; what it reads as afterwards is the device's
   * affair. EOPNOTSUPP when the device discards nothing.
   */
  public static int discard(int fd, long offset, long length) {
    long range = Syscall.scratch();
    RawMemory.putLong(range, offset);
    RawMemory.putLong(range + Long.BYTES, length);
    return (int) Syscall.call(Syscall.IOCTL, fd, LinuxFiles.BLKDISCARD, range);
  }

  /** A signal may have come before the call did anything; the JVM uses some. */
  private static long retrying(int number, long a, long b, long c, long d, long e, long f) {
    long result;
    do {
      result = Syscall.call(number, a, b, c, d, e, f);
    } while (result == -Errno.EINTR.number());
    return result;
  }
}
