package io.millrace.linux;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A range of mapped memory. Nothing guards its use after {@link #close}: that is a crash of the
 * process, so its owner first makes sure that nobody uses it any more. Any thread.
 */
public final class Mapping implements AutoCloseable {
  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int PROT_EXEC = 4;
  static final int MAP_SHARED = 1;
  static final int MAP_PRIVATE = 2;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MAP_NORESERVE = 0x4000;
  static final int MAP_POPULATE = 0x8000;
  static final int MADV_HUGEPAGE = 14;
  static final int MADV_DONTDUMP = 16;
  static final int MADV_POPULATE_WRITE = 23;

  private final long address;
  private final long size;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Mapping(long address, long size) {
    this.address = address;
    this.size = size;
  }

  /**
   * Maps {@code bytes} bytes of a file from {@code offset} on, shared with everybody who maps it.
   * The caller aligns the offset to the page size (for hugetlbfs: both to the huge page size). The
   * descriptor may be closed afterwards.
   */
  public static Mapping map(FileDescriptor fd, long offset, long bytes, boolean writable)
      throws LinuxException {
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    return map(fd.number(), offset, bytes, protection, MAP_SHARED | MAP_NORESERVE);
  }

  /**
   * Maps zeroed private memory, taken from the system when touched; page-aligned. With {@code
   * hugePages} transparent huge pages are asked for, which the kernel may not have: that is no
   * error.
   */
  public static Mapping anonymous(long bytes, boolean hugePages) throws LinuxException {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    Mapping mapping = map(-1, 0, bytes, PROT_READ | PROT_WRITE, flags);
    if (hugePages) {
      Syscall.call(Syscall.MADVISE, mapping.address, bytes, MADV_HUGEPAGE);
    }
    return mapping;
  }

  static Mapping map(int fd, long offset, long bytes, int protection, int flags)
      throws LinuxException {
    long address = Syscall.call(Syscall.MMAP, 0, bytes, protection, flags, fd, offset);
    if (address < 0) {
      String what =
          fd < 0
              ? "mmap of " + bytes + " bytes"
              : "mmap of " + bytes + " bytes at " + offset + " of fd " + fd;
      throw new LinuxException(what, (int) -address);
    }
    return new Mapping(address, bytes);
  }

  /**
   * Makes whole pages of somebody's mapping resident and writable, as by touching them, but without
   * a fault where there is nothing to touch.
   *
   * @return 0 or {@code -errno}: EFAULT beyond the end of the file, ENOMEM when nothing is mapped
   *     there or there is no memory, EINVAL before Linux 5.14
   */
  public static int populate(long address, long bytes) {
    return (int) Syscall.call(Syscall.MADVISE, address, bytes, MADV_POPULATE_WRITE);
  }

  /** Leaves the memory out of core dumps; best effort. */
  public void doNotDump() {
    Syscall.call(Syscall.MADVISE, address, size, MADV_DONTDUMP);
  }

  /**
   * Takes every page from the system now (MADV_POPULATE_WRITE, Linux 5.14).
   *
   * @return false if there is a page that would fault when touched: its file has no room for it
   */
  public boolean populate() {
    long result = Syscall.call(Syscall.MADVISE, address, size, MADV_POPULATE_WRITE);
    return result >= 0 || result == -Errno.EINVAL.number(); // an older kernel cannot tell
  }

  /** Where it starts. */
  public long address() {
    return address;
  }

  /** Its length in bytes, as asked for. */
  public long size() {
    return size;
  }

  /** Unmaps; later calls do nothing. */
  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      Syscall.call(Syscall.MUNMAP, address, size);
    }
  }

  @Override
  public String toString() {
    return "mapping of " + size + " bytes at 0x" + Long.toHexString(address);
  }
}
