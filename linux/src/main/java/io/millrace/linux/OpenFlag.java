package io.millrace.linux;

/**
 * How {@link LinuxFiles#open} opens a file. Without {@link #READ_WRITE} it is opened to be read
 * only.
 */
public enum OpenFlag {
  READ_ONLY(0),
  READ_WRITE(2),
  /** Make it when it does not exist (mode 0644 less the umask). */
  CREATE(0x40),
  /**
   * With {@link #CREATE}: fail when it exists. On a block device: fail when it is mounted or held
   * by another.
   */
  EXCLUSIVE(0x80),
  /** Empty it. */
  TRUNCATE(0x200),
  /** Return at once where opening could wait (pipes), and never wait later. */
  NONBLOCK(0x800),
  /** Each write is durable when it returns. */
  DSYNC(0x1000),
  /** Past the page cache: memory, offsets and lengths must be aligned, see {@link FileStatus}. */
  DIRECT(0x4000),
  /** Only a directory. */
  DIRECTORY(0x10000),
  /** Not through a symbolic link. */
  NO_FOLLOW(0x20000);

  static final int O_CLOEXEC = 0x80000;

  final int bits;

  OpenFlag(int bits) {
    this.bits = bits;
  }
}
