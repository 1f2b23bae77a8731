package io.millrace.vhost.user.server;

import io.millrace.virtqueue.GuestRegion;
import java.util.List;

/**
 * Ranges of host memory that the front-end took back and that are still mapped, as an immutable
 * value. Any thread.
 */
public final class GoingMemory {
  /** None goes. */
  public static final GoingMemory NONE = new GoingMemory(List.of());

  private final long[] start; // ascending
  private final long[] end; // the first address behind

  /**
   * Of regions.
   *
   * @param regions as they are mapped here
   */
  public GoingMemory(List<GuestRegion> regions) {
    long[] addresses = regions.stream().mapToLong(GuestRegion::hostAddress).sorted().toArray();
    start = addresses;
    // Mappings do not overlap, so that their ends are in the same order.
    end =
        regions.stream()
            .mapToLong(region -> region.hostAddress() + region.bytes())
            .sorted()
            .toArray();
  }

  /** Whether there is nothing. */
  public boolean isEmpty() {
    return start.length == 0;
  }

  /**
   * Whether a piece of memory lies in one of the ranges, in part at least.
   *
   * @param address host address
   * @param bytes 1 or more
   */
  public boolean holdsSomeOf(long address, long bytes) {
    int low = 0;
    int high = start.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (start[middle] < address + bytes) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low > 0 && address < end[low - 1]; // the last that begins before the piece ends
  }
}
