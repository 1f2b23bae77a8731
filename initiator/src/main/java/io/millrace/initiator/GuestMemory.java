package io.millrace.initiator;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileSystem;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.vhost.user.MemoryRegion;

/**
 * One region of memory that is shared with a back-end: a memfd, mapped here. Memory is handed out
 * once and never taken back. One thread at a time.
 *
 * <p>Three addresses name each byte and are kept apart on purpose: the host address (here), the
 * user address of vhost-user messages (the same number), and the guest address that descriptors
 * hold.
 */
public final class GuestMemory implements AutoCloseable {
  /** Where the first region lies for the device: not 0, not where it is mapped. */
  public static final long DEFAULT_GUEST_ADDRESS = 0x4000_0000L;

  private static final long PAGE = 4096;

  private final FileDescriptor file;
  private final Mapping mapping;
  private final long fileOffset;
  private final long address;
  private final long size;
  private final long guestAddress;
  private long allocatedBytes;

  private GuestMemory(
      FileDescriptor file, Mapping mapping, long fileOffset, long skip, long size, long guest) {
    this.file = file;
    this.mapping = mapping;
    this.fileOffset = fileOffset;
    this.address = mapping.address() + skip;
    this.size = size;
    this.guestAddress = guest;
  }

  /**
   * Makes a region.
   *
   * @param bytes its size, rounded up to whole pages
   * @param guestAddress its first byte for the device
   * @param sealed whether it can never shrink, as QEMU's memfds cannot
   * @return zeroed memory, owned by the caller
   */
  public static GuestMemory create(long bytes, long guestAddress, boolean sealed)
      throws LinuxException {
    long size = (bytes + PAGE - 1) & -PAGE;
    int seals = sealed ? MemoryFile.F_SEAL_SHRINK : 0;
    FileDescriptor file = MemoryFile.createSealed("millrace-guest", size, seals);
    return over(file, 0, size, guestAddress);
  }

  /**
   * Makes a region of a part of a file: a memfd, one in shared memory or of huge pages.
   *
   * @param file open for reading and writing; belongs to the region from now on
   * @param fileOffset its first byte, aligned to nothing
   * @param bytes its size
   * @param guestAddress its first byte for the device
   */
  public static GuestMemory over(
      FileDescriptor file, long fileOffset, long bytes, long guestAddress) throws LinuxException {
    try {
      FileSystem fileSystem = FileSystem.of(file);
      boolean huge = fileSystem.kind() == FileSystem.Kind.HUGE_PAGES;
      long unit = huge ? fileSystem.blockSize() : PAGE;
      long skip = fileOffset % unit;
      long length = (skip + bytes + unit - 1) & -unit;
      Mapping mapping = Mapping.map(file, fileOffset - skip, length, true);
      return new GuestMemory(file, mapping, fileOffset, skip, bytes, guestAddress);
    } catch (LinuxException e) {
      file.close();
      throw e;
    }
  }

  /** As {@link #create(long, long, boolean)}, sealed, at {@link #DEFAULT_GUEST_ADDRESS}. */
  public static GuestMemory create(long bytes) throws LinuxException {
    return create(bytes, DEFAULT_GUEST_ADDRESS, true);
  }

  /**
   * Takes a piece of the region.
   *
   * @param bytes its size
   * @param alignment a power of two
   * @return its host address; zeroed if nobody wrote there
   */
  public long allocate(long bytes, long alignment) {
    long start = (allocatedBytes + alignment - 1) & -alignment;
    if (bytes > size - start) {
      throw new IllegalStateException(
          "%d bytes of guest memory wanted, %d of %d are left"
              .formatted(bytes, size - allocatedBytes, size));
    }
    allocatedBytes = start + bytes;
    return address + start;
  }

  /** Guest address of a host address in this region. */
  public long guest(long hostAddress) {
    assert contains(hostAddress) : hostAddress;
    return hostAddress - address + guestAddress;
  }

  /** Whether a host address lies in this region. */
  public boolean contains(long hostAddress) {
    return hostAddress >= address && hostAddress < address + size;
  }

  /** Host address of the first byte. */
  public long address() {
    return address;
  }

  /** Size in bytes. */
  public long size() {
    return size;
  }

  /** The region as messages describe it. */
  public MemoryRegion region() {
    return new MemoryRegion(guestAddress, size, address, fileOffset);
  }

  /** The memfd; stays this region's. */
  public FileDescriptor file() {
    return file;
  }

  /** Unmaps it here; no queue in it may be used any more. */
  @Override
  public void close() {
    mapping.close();
    file.close();
  }
}
