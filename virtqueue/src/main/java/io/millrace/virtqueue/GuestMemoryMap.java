package io.millrace.virtqueue;

import java.util.List;

/**
 * The memory a front-end shared, as an immutable snapshot: a change makes a new map. Any thread may
 * read it; each queue translates through a {@link #translation} of its own, which remembers the
 * region it hit last.
 */
public final class GuestMemoryMap {
  /** No memory at all: what a session has before the front-end sends some. */
  public static final GuestMemoryMap EMPTY = new GuestMemoryMap(List.of());

  private final List<GuestRegion> regions;
  private final long[] guest;
  private final long[] user;
  private final long[] size;
  private final long[] host;

  /**
   * A map of regions.
   *
   * @param regions none overlaps another
   */
  public GuestMemoryMap(List<GuestRegion> regions) {
    this.regions = List.copyOf(regions);
    int count = regions.size();
    guest = new long[count];
    user = new long[count];
    size = new long[count];
    host = new long[count];
    for (int i = 0; i < count; i++) {
      GuestRegion region = regions.get(i);
      guest[i] = region.guestAddress();
      user[i] = region.userAddress();
      size[i] = region.bytes();
      host[i] = region.hostAddress();
    }
  }

  /** The regions it was made of. */
  public List<GuestRegion> regions() {
    return regions;
  }

  /** A translation for one queue. */
  public AddressTranslation translation() {
    return new Cursor();
  }

  /** Index of the region that holds an address, or -1. */
  private static int find(long[] starts, long[] sizes, long address) {
    for (int i = 0; i < starts.length; i++) {
      long offset = address - starts[i];
      if (offset >= 0 && offset < sizes[i]) {
        return i;
      }
    }
    return -1;
  }

  private final class Cursor implements AddressTranslation {
    private int last;

    @Override
    public long translate(long address, long bytes) {
      int i = last;
      if (i < guest.length) {
        long offset = address - guest[i];
        // offset + bytes could overflow, size - bytes cannot: bytes is at most 2^32.
        if (offset >= 0 && offset <= size[i] - bytes) {
          return host[i] + offset;
        }
      }
      return translateSlowly(address, bytes);
    }

    private long translateSlowly(long address, long bytes) {
      int i = find(guest, size, address);
      // Nor does a range go on at 0 behind the last address.
      if (i < 0 || Long.compareUnsigned(address + bytes - 1, address) < 0) {
        return NOT_MAPPED;
      }
      last = i;
      long offset = address - guest[i];
      return offset <= size[i] - bytes ? host[i] + offset : SPANS;
    }

    @Override
    public long contiguous(long address) {
      int i = find(guest, size, address);
      return i < 0 ? 0 : size[i] - (address - guest[i]);
    }

    @Override
    public long translateRing(long address, long bytes) {
      int i = find(user, size, address);
      if (i < 0) {
        return NOT_MAPPED;
      }
      long offset = address - user[i];
      return offset <= size[i] - bytes ? host[i] + offset : SPANS;
    }
  }
}
