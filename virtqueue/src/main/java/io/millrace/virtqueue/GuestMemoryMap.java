package io.millrace.virtqueue;

import io.millrace.live.migration.DirtyLog;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The memory a front-end shared, as an immutable snapshot: a change makes a new map. Any thread may
 * read it; each queue translates through a {@link #translation} of its own, which remembers where
 * it found what.
 */
public final class GuestMemoryMap {
  /** No memory at all: what a session has before the front-end sends some. */
  public static final GuestMemoryMap EMPTY = new GuestMemoryMap(List.of());

  /**
   * What a cursor remembers one region for: 128 MiB, the least that Linux plugs in. So memory in
   * one large region, in a few, and in many small ones is nearly always found at the first look.
   */
  private static final int HINT_SHIFT = 27;

  private static final int HINTS = 32; // a power of two

  // A hint: three numbers of a region side by side, so that a look at it waits for memory once.
  private static final int HINT_LONGS_SHIFT = 2;
  private static final int START = 0; // guest address
  private static final int BYTES = 1;
  private static final int DELTA = 2; // from guest to host address

  private final List<GuestRegion> regions; // in the order of their guest addresses, unsigned
  private final long[] guest;
  private final long[] user;
  private final long[] size;
  private final long[] host;

  /**
   * A map of regions.
   *
   * @param regions none overlaps another in guest addresses; in user addresses they may, as a guest
   *     can see the same memory twice
   */
  public GuestMemoryMap(List<GuestRegion> regions) {
    List<GuestRegion> sorted = new ArrayList<>(regions);
    sorted.sort((a, b) -> Long.compareUnsigned(a.guestAddress(), b.guestAddress()));
    this.regions = List.copyOf(sorted);
    int count = sorted.size();
    guest = new long[count];
    user = new long[count];
    size = new long[count];
    host = new long[count];
    for (int i = 0; i < count; i++) {
      GuestRegion region = sorted.get(i);
      guest[i] = region.guestAddress();
      user[i] = region.userAddress();
      size[i] = region.bytes();
      host[i] = region.hostAddress();
    }
  }

  /** The regions it was made of, in the order of their guest addresses. */
  public List<GuestRegion> regions() {
    return regions;
  }

  /** A translation for one queue. */
  public AddressTranslation translation() {
    return new Cursor();
  }

  /** The guest address behind the last byte there is; 0 without memory. */
  public long end() {
    int last = guest.length - 1;
    return last < 0 ? 0 : guest[last] + size[last];
  }

  /** What tells a dirty log of stores into this memory, for one queue; there is some. */
  LoggedWrites loggedIn(DirtyLog log) {
    List<GuestRegion> byHost = new ArrayList<>(regions);
    byHost.sort(Comparator.comparingLong(GuestRegion::hostAddress));
    return new LoggedWrites(
        log,
        byHost.stream().mapToLong(GuestRegion::hostAddress).toArray(),
        byHost.stream().mapToLong(GuestRegion::bytes).toArray(),
        byHost.stream().mapToLong(r -> r.guestAddress() - r.hostAddress()).toArray());
  }

  /**
   * Index of the region that holds an address, or -1: the last that does not begin behind.
   *
   * @param starts ascending, unsigned
   */
  static int find(long[] starts, long[] sizes, long address) {
    int low = 0;
    int high = starts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(starts[middle], address) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low > 0 && holds(starts[low - 1], sizes[low - 1], address) ? low - 1 : -1;
  }

  static boolean holds(long start, long bytes, long address) {
    long offset = address - start;
    return offset >= 0 && offset < bytes;
  }

  private final class Cursor implements AddressTranslation {
    // Of the region that was found last, in which the next address most likely is.
    private long start;
    private long length;
    private long delta;

    private final long[] hints = new long[HINTS << HINT_LONGS_SHIFT]; // by address; 0: no region

    @Override
    public long translate(long address, long bytes) {
      int hint = hint(address);
      long offset = address - hints[hint + START];
      // offset + bytes could overflow, size - bytes cannot: bytes is at most 2^32.
      if (offset >= 0 && offset <= hints[hint + BYTES] - bytes) {
        found(hint);
        return address + delta;
      }
      return search(address, bytes, hint);
    }

    private void found(int hint) {
      start = hints[hint + START];
      length = hints[hint + BYTES];
      delta = hints[hint + DELTA];
    }

    @Override
    public long known(long address, long bytes) {
      long offset = address - start;
      return offset >= 0 && offset <= length - bytes ? address + delta : NOT_MAPPED;
    }

    private static int hint(long address) {
      return ((int) (address >>> HINT_SHIFT) & (HINTS - 1)) << HINT_LONGS_SHIFT;
    }

    private long search(long address, long bytes, int hint) {
      int i = find(guest, size, address);
      // Nor does a range go on at 0 behind the last address.
      if (i < 0 || Long.compareUnsigned(address + bytes - 1, address) < 0) {
        return NOT_MAPPED;
      }
      hints[hint + START] = guest[i];
      hints[hint + BYTES] = size[i];
      hints[hint + DELTA] = host[i] - guest[i];
      found(hint);
      long offset = address - guest[i];
      return offset <= size[i] - bytes ? host[i] + offset : SPANS;
    }

    @Override
    public long contiguous(long address) {
      int i = find(guest, size, address);
      return i < 0 ? 0 : size[i] - (address - guest[i]);
    }

    /** One region after the other, as several may hold a user address; once at a queue's start. */
    @Override
    public long translateRing(long address, long bytes) {
      long answer = NOT_MAPPED;
      for (int i = 0; i < user.length; i++) {
        if (holds(user[i], size[i], address)) {
          long offset = address - user[i];
          if (offset <= size[i] - bytes) {
            return host[i] + offset;
          }
          answer = SPANS;
        }
      }
      return answer;
    }
  }
}
