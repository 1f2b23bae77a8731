package io.millrace.virtqueue;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * A small guest's memory: memfds mapped here, as a front-end would share them. {@link #DATA} and
 * {@link #NEXT} are neighbours for the guest and strangers here; behind them is a hole; {@link
 * #ZERO} is at the very start and {@link #TOP} at the very end of what 64 bits can say.
 */
final class GuestMemory implements AutoCloseable {
  static final long ZERO = 0;
  static final long RING = 0x1000_0000L;
  static final long DATA = 0x2000_0000L;
  static final int BYTES = 1 << 16; // of each region but RING
  static final long NEXT = DATA + BYTES;
  static final long HOLE = NEXT + BYTES;
  static final long TOP = -BYTES;
  static final int RING_BYTES = 1 << 20;
  static final long USER = 0x7000_0000_0000L; // user addresses are guest addresses plus this

  private static final long TOP_USER = 0x7fff_0000_0000L;

  private final List<Mapping> mappings = new ArrayList<>();
  private final GuestMemoryMap map;

  GuestMemory() throws LinuxException {
    List<GuestRegion> regions = new ArrayList<>();
    regions.add(region(ZERO, BYTES, USER));
    regions.add(region(RING, RING_BYTES, USER + RING));
    regions.add(region(DATA, BYTES, USER + DATA));
    regions.add(region(NEXT, BYTES, USER + NEXT));
    regions.add(region(TOP, BYTES, TOP_USER));
    map = new GuestMemoryMap(regions);
  }

  private GuestRegion region(long guest, int bytes, long user) throws LinuxException {
    try (FileDescriptor file = MemoryFile.create("guest-test", bytes, false)) {
      Mapping mapping = Mapping.map(file, 0, bytes, true);
      mappings.add(mapping);
      return new GuestRegion(guest, bytes, user, mapping.address());
    }
  }

  GuestMemoryMap map() {
    return map;
  }

  /** Host address of a guest address, by looking at every region; -1 when there is none. */
  long host(long guest) {
    for (GuestRegion region : map.regions()) {
      long offset = guest - region.guestAddress();
      if (Long.compareUnsigned(offset, region.bytes()) < 0) {
        return region.hostAddress() + offset;
      }
    }
    return -1;
  }

  /** All bytes of all regions, one after the other. */
  byte[] contents() {
    int total = map.regions().stream().mapToInt(region -> (int) region.bytes()).sum();
    byte[] all = new byte[total];
    int at = 0;
    for (GuestRegion region : map.regions()) {
      int bytes = (int) region.bytes();
      RawMemory.get(region.hostAddress(), all, at, bytes);
      at += bytes;
    }
    return all;
  }

  /** Where a host address is in {@link #contents}; fails for one outside every region. */
  int positionOf(long host) {
    int at = 0;
    for (GuestRegion region : map.regions()) {
      long offset = host - region.hostAddress();
      if (offset >= 0 && offset < region.bytes()) {
        return at + (int) offset;
      }
      at += (int) region.bytes();
    }
    throw new AssertionError("0x" + Long.toHexString(host) + " is not the guest's memory");
  }

  @Override
  public void close() {
    mappings.forEach(Mapping::close);
  }
}
