package io.millrace.initiator;

import io.millrace.linux.FileDescriptor;
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
  private final long guestAddress;
  private long allocatedBytes;

  private GuestMemory(FileDescriptor file, Mapping mapping, long guestAddress) {
    this.file = file;
    this.mapping = mapping;
    this.guestAddress = guestAddress;
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
    FileDescriptor file = MemoryFile.create("millrace-guest", size, true);
    try {
      if (sealed) {
        MemoryFile.seal(file, MemoryFile.F_SEAL_SHRINK);
      }
      return new GuestMemory(file, Mapping.map(file, 0, size, true), guestAddress);
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
    if (bytes > mapping.size() - start) {
      throw new IllegalStateException(
          "%d bytes of guest memory wanted, %d of %d are left"
              .formatted(bytes, mapping.size() - allocatedBytes, mapping.size()));
    }
    allocatedBytes = start + bytes;
    return mapping.address() + start;
  }

  /** Guest address of a host address in this region. */
  public long guest(long hostAddress) {
    assert contains(hostAddress) : hostAddress;
    return hostAddress - mapping.address() + guestAddress;
  }

  /** Whether a host address lies in this region. */
  public boolean contains(long hostAddress) {
    return hostAddress >= mapping.address() && hostAddress < mapping.address() + mapping.size();
  }

  /** Host address of the first byte. */
  public long address() {
    return mapping.address();
  }

  /** Size in bytes. */
  public long size() {
    return mapping.size();
  }

  /** The region as messages describe it. */
  public MemoryRegion region() {
    return new MemoryRegion(guestAddress, mapping.size(), mapping.address(), 0);
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
