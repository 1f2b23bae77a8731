package io.millrace.bdev.file;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;

/**
 * What the file wants aligned.
 *
 * @param offset bytes that offsets and lengths in the file are multiples of
 * @param memory bytes that addresses are multiples of
 */
record DirectAlignment(int offset, int memory) {
  private static final int SECTOR = 512;
  private static final int PAGE = 4096;
  private static final int LARGEST = 1 << 16;

  /**
   * Asks statx, for devices their logical block, and a file system that says nothing by trying. A
   * regular file through the page cache has no alignment; a device has one even then, as it cannot
   * write less than its block.
   */
  static DirectAlignment of(FileDescriptor fd, FileStatus status, boolean direct, String where)
      throws LinuxException, BdevException {
    boolean device = status.kind() == FileStatus.Kind.BLOCK;
    int block = device ? Math.toIntExact(LinuxFiles.blockDeviceLogicalBlock(fd)) : 1;
    if (!direct) {
      return new DirectAlignment(block, 1);
    }
    if (!status.directIoKnown()) {
      int tried = device ? block : probe(fd, where);
      return new DirectAlignment(tried, Math.max(SECTOR, tried));
    }
    if (status.directOffsetAlign() == 0) {
      throw new BdevException(
          Kind.INVALID, where + ": its file system does no direct I/O on it; leave direct I/O out");
    }
    return new DirectAlignment(
        Math.max(block, status.directOffsetAlign()), status.directMemoryAlign());
  }

  /** The shortest read that is not refused as misaligned. */
  private static int probe(FileDescriptor fd, String where) throws LinuxException, BdevException {
    try (Mapping buffer = Mapping.anonymous(2L * LARGEST, false)) {
      long address = (buffer.address() + PAGE - 1) & -PAGE;
      for (int bytes = SECTOR; bytes <= LARGEST; bytes *= 2) {
        try {
          LinuxFiles.read(fd, address, bytes, bytes);
          return bytes;
        } catch (LinuxException e) {
          if (e.errno() != Errno.EINVAL) {
            throw e;
          }
        }
      }
    }
    throw new BdevException(
        Kind.INVALID, where + ": no direct read of it works; leave direct I/O out");
  }
}
