package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.virtqueue.GuestRegion;

/**
 * One region of guest memory as it is mapped here, with the file it came from: the file's size
 * tells whether the front-end truncated it below the mapping.
 */
final class SharedRegion implements AutoCloseable {
  private static final int PAGE = 4096;

  private final MemoryRegion region;
  private final GuestRegion guest;
  private final FileDescriptor file;
  private final FileStatus status;
  private final Mapping mapping;
  private final boolean mayShrink;

  private SharedRegion(
      MemoryRegion region, FileDescriptor file, FileStatus status, Mapping mapping, long skip) {
    this.region = region;
    this.file = file;
    this.status = status;
    this.mapping = mapping;
    this.guest =
        new GuestRegion(
            region.guestAddress(), region.size(), region.userAddress(), mapping.address() + skip);
    this.mayShrink = (MemoryFile.seals(file) & MemoryFile.F_SEAL_SHRINK) == 0;
  }

  /**
   * Maps a region.
   *
   * @param file belongs to the result from now on; closed if this fails
   */
  static SharedRegion map(MemoryRegion region, FileDescriptor file) throws SessionException {
    try {
      return mapChecked(region, file);
    } catch (LinuxException e) {
      file.close();
      throw new SessionException(
          "memory region " + region + " cannot be mapped: " + e.getMessage());
    } catch (SessionException e) {
      file.close();
      throw e;
    }
  }

  private static SharedRegion mapChecked(MemoryRegion region, FileDescriptor file)
      throws SessionException, LinuxException {
    long size = region.size();
    long offset = region.mmapOffset();
    long end = offset + size;
    boolean sane =
        size > 0
            && offset >= 0
            && end > 0
            && wrapsNot(region.guestAddress(), size)
            && wrapsNot(region.userAddress(), size);
    if (!sane) {
      throw new SessionException("memory region " + region + " is empty or wraps around");
    }
    FileStatus status = LinuxFiles.status(file);
    if (end > status.size()) {
      throw new SessionException(
          "memory region "
              + region
              + " is beyond the end of its file, which has "
              + status.size()
              + " bytes; give memory-backend-memfd the same size as -m, with share=on");
    }
    // hugetlbfs wants whole huge pages, which the block size tells; elsewhere it is a page.
    long unit = Math.max(PAGE, Integer.highestOneBit(Math.max(1, status.blockSize())));
    long start = offset & -unit;
    long length = Math.min((end - start + unit - 1) & -unit, roundUp(status.size() - start, PAGE));
    Mapping mapping = Mapping.map(file, start, length, true);
    mapping.doNotDump();
    return new SharedRegion(region, file, status, mapping, offset - start);
  }

  private static long roundUp(long bytes, long unit) {
    return (bytes + unit - 1) & -unit;
  }

  private static boolean wrapsNot(long address, long size) {
    return Long.compareUnsigned(address + size - 1, address) >= 0;
  }

  /** Whether a region of a new table is this one, so that the mapping can stay. */
  boolean isSame(MemoryRegion other, FileDescriptor otherFile) {
    if (!region.equals(other)) {
      return false;
    }
    try {
      FileStatus otherStatus = LinuxFiles.status(otherFile);
      return otherStatus.device() == status.device() && otherStatus.inode() == status.inode();
    } catch (LinuxException e) {
      return false; // then it is mapped anew, which says why it cannot be
    }
  }

  /** Whether REM_MEM_REG means this region: its descriptor and offset do not count. */
  boolean isNamedBy(MemoryRegion other) {
    return region.guestAddress() == other.guestAddress()
        && region.userAddress() == other.userAddress()
        && region.size() == other.size();
  }

  /** Whether the front-end may truncate the file: it lacks F_SEAL_SHRINK. */
  boolean mayShrink() {
    return mayShrink;
  }

  /** Whether the file has become too short for the region. */
  boolean isTruncated() {
    try {
      return LinuxFiles.status(file).size() < region.mmapOffset() + region.size();
    } catch (LinuxException e) {
      return true;
    }
  }

  GuestRegion guest() {
    return guest;
  }

  MemoryRegion region() {
    return region;
  }

  long mappedAddress() {
    return mapping.address();
  }

  long mappedBytes() {
    return mapping.size();
  }

  @Override
  public void close() {
    mapping.close();
    file.close();
  }
}
