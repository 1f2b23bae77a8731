package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.FileSystem;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.virtqueue.GuestRegion;
import org.jspecify.annotations.Nullable;

/**
 * One region of guest memory as it is mapped here, with the file it came from: the file tells
 * whether touching the memory can fault. Mapping takes no memory and no time that grows with the
 * region: its pages come when they are touched.
 */
final class SharedRegion implements AutoCloseable {
  private static final int PAGE = 4096;

  private final MemoryRegion region;
  private final GuestRegion guest;
  private final FileDescriptor file;
  private final FileStatus status;
  private final FileSystem fileSystem;
  private final Mapping mapping;
  private final boolean mayVanish;

  private SharedRegion(
      MemoryRegion region,
      FileDescriptor file,
      FileStatus status,
      FileSystem fileSystem,
      Mapping mapping) {
    this.region = region;
    this.file = file;
    this.status = status;
    this.fileSystem = fileSystem;
    this.mapping = mapping;
    this.guest =
        new GuestRegion(
            region.guestAddress(),
            region.size(),
            region.userAddress(),
            mapping.address() + region.mmapOffset() % unit(fileSystem));
    boolean sealed = (MemoryFile.seals(file) & MemoryFile.F_SEAL_SHRINK) != 0;
    // A seal does not fill the pool of huge pages.
    this.mayVanish = !sealed || fileSystem.kind() == FileSystem.Kind.HUGE_PAGES;
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
          "memory region "
              + region
              + " cannot be mapped for reading and writing: "
              + e.getMessage()
              + "; share it with share=on, without readonly=on");
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
    FileSystem fileSystem = FileSystem.of(file);
    if (fileSystem.kind() == FileSystem.Kind.OTHER) {
      throw new SessionException(
          "memory region %s is in a file of a file system (0x%x) that can keep whoever touches it waiting for ever; share memory from a memfd, /dev/shm or hugetlbfs"
              .formatted(region, fileSystem.type()));
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
    long unit = unit(fileSystem);
    long start = offset - offset % unit;
    Mapping mapping = Mapping.map(file, start, (end - start + unit - 1) & -unit, true);
    mapping.doNotDump();
    return new SharedRegion(region, file, status, fileSystem, mapping);
  }

  /** What begin and length of a mapping are multiples of. */
  private static long unit(FileSystem fileSystem) {
    return fileSystem.kind() == FileSystem.Kind.HUGE_PAGES ? fileSystem.blockSize() : PAGE;
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

  /** Whether touching it can fault: its file can shrink, or find no page for a hole. */
  boolean mayVanish() {
    return mayVanish;
  }

  /** Whether touching it may wait for a disk. */
  boolean isOnDisk() {
    return fileSystem.kind() == FileSystem.Kind.DISK;
  }

  /** Why touching some of it faults, as a sentence about the front-end; null if nothing does. */
  @Nullable String fault() {
    try {
      FileStatus now = LinuxFiles.status(file);
      if (now.size() < region.mmapOffset() + region.size()) {
        return "the front-end truncated the memory it shares; its session ends. Use"
            + " memory-backend-memfd, which seals it";
      }
      boolean holes = now.allocatedBytes() < now.size();
      if (mayVanish && holes && mayBeFull() && !mapping.populate()) {
        return "memory region %s has holes, and its file system no page for them. Let the front-end take its memory when it starts (prealloc=on)"
            .formatted(region);
      }
      return null;
    } catch (LinuxException e) {
      return "memory region " + region + " cannot be looked at: " + e.getMessage();
    }
  }

  /** Asked before pages are taken that nobody may ever need. */
  private boolean mayBeFull() throws LinuxException {
    return fileSystem.kind() == FileSystem.Kind.HUGE_PAGES || FileSystem.of(file).isFull();
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
