package io.millrace.linux;

import java.lang.foreign.Arena;

/** Files in memory, memfd_create(2), and their seals. */
public final class MemoryFile {
  /** No further seals. */
  public static final int F_SEAL_SEAL = 1;

  /** The file cannot shrink: a mapping of it cannot fault. */
  public static final int F_SEAL_SHRINK = 2;

  /** The file cannot grow. */
  public static final int F_SEAL_GROW = 4;

  /** The file cannot be written. */
  public static final int F_SEAL_WRITE = 8;

  static final int MFD_CLOEXEC = 1;
  static final int MFD_ALLOW_SEALING = 2;
  static final int MFD_HUGETLB = 4;
  static final int MFD_HUGE_SHIFT = 26;
  static final int F_ADD_SEALS = 1033;
  static final int F_GET_SEALS = 1034;

  private MemoryFile() {}

  /**
   * A new file of {@code size} zero bytes, owned by the caller; {@code name} shows in {@code
   * /proc}.
   */
  public static FileDescriptor create(String name, long size, boolean sealable)
      throws LinuxException {
    return create(name, size, sealable ? MFD_ALLOW_SEALING : 0);
  }

  /**
   * As {@link #create(String, long, boolean)}, sealable, in huge pages: memory that the system may
   * not have.
   *
   * @param pageShift log2 of the size of a huge page: 21 for 2 MiB, 30 for 1 GiB
   */
  public static FileDescriptor createHuge(String name, long size, int pageShift)
      throws LinuxException {
    return create(name, size, MFD_ALLOW_SEALING | MFD_HUGETLB | pageShift << MFD_HUGE_SHIFT);
  }

  /**
   * As {@link #create(String, long, boolean)}, sealable, and sealed already.
   *
   * @param seals an or of {@code F_SEAL_*}, 0 for none yet
   */
  public static FileDescriptor createSealed(String name, long size, int seals)
      throws LinuxException {
    FileDescriptor fd = create(name, size, true);
    try {
      seal(fd, seals);
      return fd;
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  private static FileDescriptor create(String name, long size, int kind) throws LinuxException {
    int flags = MFD_CLOEXEC | kind;
    long number;
    try (Arena arena = Arena.ofConfined()) {
      number = Syscall.call(Syscall.MEMFD_CREATE, arena.allocateFrom(name).address(), flags);
    }
    FileDescriptor fd =
        FileDescriptor.own((int) LinuxException.check(number, "memfd_create", name));
    try {
      LinuxFiles.truncate(fd, size);
      return fd;
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  /** Adds {@code seals}, an or of {@code F_SEAL_*}. */
  public static void seal(FileDescriptor fd, int seals) throws LinuxException {
    LinuxException.check(Syscall.call(Syscall.FCNTL, fd.number(), F_ADD_SEALS, seals), "seal", fd);
  }

  /**
   * The seals of a file, an or of {@code F_SEAL_*}; 0 when it has none or is of a kind that cannot
   * have any.
   */
  public static int seals(FileDescriptor fd) {
    return (int) Math.max(0, Syscall.call(Syscall.FCNTL, fd.number(), F_GET_SEALS));
  }
}
