package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.FileSystem;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file that a front-end shared, mapped here, with the file it came from: that tells
 * whether touching the memory can fault. Mapping takes no memory and no time that grows with its
 * size: its pages come when they are touched.
 */
final class SharedFile implements AutoCloseable {
  private static final int PAGE = 4096;

  private final String what;
  private final long offset;
  private final long size;
  private final FileDescriptor file;
  private final FileStatus status;
  private final FileSystem fileSystem;
  private final Mapping mapping;
  private final boolean mayVanish;

  /**
   * What a person can do about a file that is of no use.
   *
   * @param unmappable if it cannot be mapped
   * @param tooShort if it ends too early
   */
  record Advice(String unmappable, String tooShort) {}

  private static final Advice WORDS =
      new Advice(
          "send it open for reading and writing", "send size and offset of the file that comes");

  private SharedFile(
      String what,
      long offset,
      long size,
      FileDescriptor file,
      FileStatus status,
      FileSystem fileSystem,
      Mapping mapping) {
    this.what = what;
    this.offset = offset;
    this.size = size;
    this.file = file;
    this.status = status;
    this.fileSystem = fileSystem;
    this.mapping = mapping;
    boolean sealed = (MemoryFile.seals(file) & MemoryFile.F_SEAL_SHRINK) != 0;
    // A seal does not fill the pool of huge pages.
    this.mayVanish = !sealed || fileSystem.kind() == FileSystem.Kind.HUGE_PAGES;
  }

  /**
   * Maps a part of a file for reading and writing.
   *
   * @param what for messages, the subject of a sentence
   * @param offset of the first byte in the file, any value
   * @param size bytes, any value
   * @param file belongs to the result from now on; closed if this fails
   */
  static SharedFile map(String what, long offset, long size, FileDescriptor file, Advice advice)
      throws SessionException {
    try {
      return mapChecked(what, offset, size, file, advice);
    } catch (LinuxException e) {
      file.close();
      throw new SessionException(
          "%s cannot be mapped for reading and writing: %s; %s"
              .formatted(what, e.getMessage(), advice.unmappable));
    } catch (SessionException e) {
      file.close();
      throw e;
    }
  }

  /**
   * As {@link #map}, what is of words of 8 bytes, and shared for that alone.
   *
   * @param file belongs to the result from now on; closed if this fails
   */
  static SharedFile mapWords(String what, long offset, long size, FileDescriptor file)
      throws SessionException {
    if ((offset & (Long.BYTES - 1)) != 0) {
      file.close();
      throw new SessionException(what + " is not aligned to 8 bytes");
    }
    return map(what, offset, size, file, WORDS);
  }

  private static SharedFile mapChecked(
      String what, long offset, long size, FileDescriptor file, Advice advice)
      throws SessionException, LinuxException {
    long end = offset + size;
    if (size <= 0 || offset < 0 || end <= 0) {
      throw new SessionException(what + " is empty or wraps around");
    }
    FileSystem fileSystem = FileSystem.of(file);
    if (fileSystem.kind() == FileSystem.Kind.OTHER) {
      throw new SessionException(
          "%s is in a file of a file system (0x%x) that can keep whoever touches it waiting for ever; share memory from a memfd, /dev/shm or hugetlbfs"
              .formatted(what, fileSystem.type()));
    }
    FileStatus status = LinuxFiles.status(file);
    if (end > status.size()) {
      throw new SessionException(
          "%s is beyond the end of its file, which has %d bytes; %s"
              .formatted(what, status.size(), advice.tooShort));
    }
    long unit = unit(fileSystem);
    long start = offset - offset % unit;
    Mapping mapping = Mapping.map(file, start, (end - start + unit - 1) & -unit, true);
    mapping.doNotDump();
    return new SharedFile(what, offset, size, file, status, fileSystem, mapping);
  }

  /** What begin and length of a mapping are multiples of. */
  private static long unit(FileSystem fileSystem) {
    return fileSystem.kind() == FileSystem.Kind.HUGE_PAGES ? fileSystem.blockSize() : PAGE;
  }

  /** Where the first byte is here. */
  long address() {
    return mapping.address() + offset % unit(fileSystem);
  }

  /** The whole pages around it. */
  Mapping mapping() {
    return mapping;
  }

  /** Whether another descriptor is of the same file. */
  boolean isFile(FileDescriptor other) {
    try {
      FileStatus otherStatus = LinuxFiles.status(other);
      return otherStatus.device() == status.device() && otherStatus.inode() == status.inode();
    } catch (LinuxException e) {
      return false; // then it is mapped anew, which says why it cannot be
    }
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
      if (now.size() < offset + size) {
        return "the front-end truncated the memory it shares; its session ends. Use"
            + " memory-backend-memfd, which seals it";
      }
      boolean holes = now.allocatedBytes() < now.size();
      if (mayVanish && holes && mayBeFull() && !mapping.populate()) {
        return "%s has holes, and its file system no page for them. Let the front-end take its memory when it starts (prealloc=on)"
            .formatted(what);
      }
      return null;
    } catch (LinuxException e) {
      return what + " cannot be looked at: " + e.getMessage();
    }
  }

  /** Asked before pages are taken that nobody may ever need. */
  private boolean mayBeFull() throws LinuxException {
    return fileSystem.kind() == FileSystem.Kind.HUGE_PAGES || FileSystem.of(file).isFull();
  }

  @Override
  public void close() {
    mapping.close();
    file.close();
  }
}
