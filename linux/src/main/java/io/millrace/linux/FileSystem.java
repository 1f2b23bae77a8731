package io.millrace.linux;

/**
 * What statfs(2) says of the file system that a file is on.
 *
 * @param kind which, as far as a user of mapped files has to tell them apart
 * @param type the kernel's number for it
 * @param blockSize bytes; the size of a huge page on hugetlbfs
 * @param blockCount how many there are; 0 where there is no limit
 * @param availableCount how many are free for anybody
 */
public record FileSystem(
    Kind kind, long type, long blockSize, long blockCount, long availableCount) {
  /** Bytes of {@code struct statfs}. */
  static final int STATFS_BYTES = 120;

  static final int OFFSET_TYPE = 0;
  static final int OFFSET_BSIZE = 8;
  static final int OFFSET_BLOCKS = 16;
  static final int OFFSET_BAVAIL = 32;

  static final long TMPFS_MAGIC = 0x01021994;
  static final long RAMFS_MAGIC = 0x858458f6L;
  static final long HUGETLBFS_MAGIC = 0x958458f6L;
  static final long EXT4_SUPER_MAGIC = 0xef53; // ext2 and ext3 too
  static final long XFS_SUPER_MAGIC = 0x58465342;
  static final long BTRFS_SUPER_MAGIC = 0x9123683eL;
  static final long F2FS_SUPER_MAGIC = 0xf2f52010L;

  private static final long U32 = 0xffff_ffffL;

  /** What a page fault in a mapped file may wait for. */
  public enum Kind {
    /** Nothing but the kernel's memory: tmpfs, with it every memfd, and ramfs. */
    MEMORY,
    /** As MEMORY, in huge pages of a pool that can run out. */
    HUGE_PAGES,
    /** A local disk. */
    DISK,
    /** Anything: a server in the network, a process of somebody else. */
    OTHER
  }

  /** Of an open file. */
  public static FileSystem of(FileDescriptor fd) throws LinuxException {
    long statfs = Syscall.scratch();
    LinuxException.check(Syscall.call(Syscall.FSTATFS, fd.number(), statfs), "statfs", fd);
    long type = RawMemory.getLong(statfs + OFFSET_TYPE) & U32;
    return new FileSystem(
        kind(type),
        type,
        RawMemory.getLong(statfs + OFFSET_BSIZE),
        RawMemory.getLong(statfs + OFFSET_BLOCKS),
        RawMemory.getLong(statfs + OFFSET_BAVAIL));
  }

  private static Kind kind(long type) {
    if (type == TMPFS_MAGIC || type == RAMFS_MAGIC) {
      return Kind.MEMORY;
    }
    if (type == HUGETLBFS_MAGIC) {
      return Kind.HUGE_PAGES;
    }
    boolean disk =
        type == EXT4_SUPER_MAGIC
            || type == XFS_SUPER_MAGIC
            || type == BTRFS_SUPER_MAGIC
            || type == F2FS_SUPER_MAGIC;
    return disk ? Kind.DISK : Kind.OTHER;
  }

  /** Whether it cannot give another block to a file; a pool of huge pages is not looked at. */
  public boolean isFull() {
    return blockCount > 0 && availableCount <= 0;
  }
}
