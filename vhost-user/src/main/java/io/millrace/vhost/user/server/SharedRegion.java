package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.virtqueue.GuestRegion;
import org.jspecify.annotations.Nullable;

/** One region of guest memory as it is mapped here. */
final class SharedRegion implements AutoCloseable {
  private static final SharedFile.Advice ADVICE =
      new SharedFile.Advice(
          "share it with share=on, without readonly=on",
          "give memory-backend-memfd the same size as -m, with share=on");

  private final MemoryRegion region;
  private final GuestRegion guest;
  private final SharedFile file;

  private SharedRegion(MemoryRegion region, SharedFile file) {
    this.region = region;
    this.file = file;
    this.guest =
        new GuestRegion(region.guestAddress(), region.size(), region.userAddress(), file.address());
  }

  /**
   * Maps a region.
   *
   * @param file belongs to the result from now on; closed if this fails
   */
  static SharedRegion map(MemoryRegion region, FileDescriptor file) throws SessionException {
    long size = region.size();
    String what = "memory region " + region;
    if (!wrapsNot(region.guestAddress(), size) || !wrapsNot(region.userAddress(), size)) {
      file.close();
      throw new SessionException(what + " is empty or wraps around");
    }
    return new SharedRegion(region, SharedFile.map(what, region.mmapOffset(), size, file, ADVICE));
  }

  private static boolean wrapsNot(long address, long size) {
    return Long.compareUnsigned(address + size - 1, address) >= 0;
  }

  /** Whether a region of a new table is this one, so that the mapping can stay. */
  boolean isSame(MemoryRegion other, FileDescriptor otherFile) {
    return region.equals(other) && file.isFile(otherFile);
  }

  /** Whether REM_MEM_REG means this region: its descriptor and offset do not count. */
  boolean isNamedBy(MemoryRegion other) {
    return region.guestAddress() == other.guestAddress()
        && region.userAddress() == other.userAddress()
        && region.size() == other.size();
  }

  /** Whether touching it can fault. */
  boolean mayVanish() {
    return file.mayVanish();
  }

  /** Whether touching it may wait for a disk. */
  boolean isOnDisk() {
    return file.isOnDisk();
  }

  /** Why touching some of it faults, as a sentence about the front-end; null if nothing does. */
  @Nullable String fault() {
    return file.fault();
  }

  GuestRegion guest() {
    return guest;
  }

  MemoryRegion region() {
    return region;
  }

  long mappedAddress() {
    return file.mapping().address();
  }

  long mappedBytes() {
    return file.mapping().size();
  }

  @Override
  public void close() {
    file.close();
  }
}
