package io.millrace.linux;

/**
 * What statx(2) says of a file.
 *
 * @param kind what it is
 * @param permissions the twelve mode bits
 * @param size length in bytes; 0 for devices
 * @param allocatedBytes storage it takes, in bytes
 * @param blockSize preferred I/O size of its file system, in bytes
 * @param device the file system it is on, major number in the upper half
 * @param inode its number there
 * @param specialDevice which device a {@code BLOCK} or {@code CHARACTER} file is, major number in
 *     the upper half
 * @param directMemoryAlign alignment in bytes that direct I/O wants of memory; 0 when unknown or
 *     not possible
 * @param directOffsetAlign alignment in bytes that direct I/O wants of offsets and lengths; 0 when
 *     unknown or not possible
 * @param directIoKnown whether the kernel answered the two above at all (Linux 6.1, not every file
 *     system): when it did and they are 0, direct I/O is not possible
 */
public record FileStatus(
    Kind kind,
    int permissions,
    long size,
    long allocatedBytes,
    int blockSize,
    long device,
    long inode,
    long specialDevice,
    int directMemoryAlign,
    int directOffsetAlign,
    boolean directIoKnown) {

  /** Bytes of {@code struct statx}. */
  static final int STATX_BYTES = 256;

  static final int STATX_BASIC_STATS = 0x7ff;
  static final int STATX_DIOALIGN = 0x2000;
  static final int OFFSET_MASK = 0;
  static final int OFFSET_BLKSIZE = 4;
  static final int OFFSET_MODE = 28;
  static final int OFFSET_INO = 32;
  static final int OFFSET_SIZE = 40;
  static final int OFFSET_BLOCKS = 48;
  static final int OFFSET_RDEV_MAJOR = 128;
  static final int OFFSET_RDEV_MINOR = 132;
  static final int OFFSET_DEV_MAJOR = 136;
  static final int OFFSET_DEV_MINOR = 140;
  static final int OFFSET_DIO_MEM_ALIGN = 152;
  static final int OFFSET_DIO_OFFSET_ALIGN = 156;

  private static final int FORMAT_SHIFT = 12; // S_IFMT is the top four bits of the mode
  private static final int PERMISSIONS = 07777;
  private static final int BLOCK_UNIT = 512; // of stx_blocks, whatever the file system

  /** The kinds of file. */
  public enum Kind {
    FIFO,
    CHARACTER,
    DIRECTORY,
    BLOCK,
    REGULAR,
    SYMLINK,
    SOCKET,
    OTHER;

    private static Kind ofFormat(int format) {
      return switch (format) {
        case 1 -> FIFO;
        case 2 -> CHARACTER;
        case 4 -> DIRECTORY;
        case 6 -> BLOCK;
        case 8 -> REGULAR;
        case 10 -> SYMLINK;
        case 12 -> SOCKET;
        default -> OTHER;
      };
    }
  }

  /** Reads a {@code struct statx} that the kernel filled. */
  static FileStatus read(long statx) {
    int mode = RawMemory.getShort(statx + OFFSET_MODE) & 0xffff;
    return new FileStatus(
        Kind.ofFormat(mode >> FORMAT_SHIFT),
        mode & PERMISSIONS,
        RawMemory.getLong(statx + OFFSET_SIZE),
        RawMemory.getLong(statx + OFFSET_BLOCKS) * BLOCK_UNIT,
        RawMemory.getInt(statx + OFFSET_BLKSIZE),
        pair(statx + OFFSET_DEV_MAJOR),
        RawMemory.getLong(statx + OFFSET_INO),
        pair(statx + OFFSET_RDEV_MAJOR),
        RawMemory.getInt(statx + OFFSET_DIO_MEM_ALIGN),
        RawMemory.getInt(statx + OFFSET_DIO_OFFSET_ALIGN),
        (RawMemory.getInt(statx + OFFSET_MASK) & STATX_DIOALIGN) != 0);
  }

  private static long pair(long major) {
    return (long) RawMemory.getInt(major) << 32
        | Integer.toUnsignedLong(RawMemory.getInt(major + 4));
  }
}
