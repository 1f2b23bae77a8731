package io.millrace.virtqueue;

/**
 * A piece of guest memory as it is mapped here.
 *
 * @param guestAddress where the guest sees it
 * @param bytes its length, at least 1; {@code guestAddress + bytes} does not wrap around
 * @param userAddress where the front-end's process sees it; ring addresses are given in these
 * @param hostAddress where this process mapped it
 */
public record GuestRegion(long guestAddress, long bytes, long userAddress, long hostAddress) {
  /** Refuses a region whose end does not exist. */
  public GuestRegion {
    if (bytes <= 0
        || Long.compareUnsigned(guestAddress + bytes - 1, guestAddress) < 0
        || Long.compareUnsigned(userAddress + bytes - 1, userAddress) < 0) {
      throw new IllegalArgumentException("a region that wraps around");
    }
  }

  /** Whether two regions have a guest address in common. */
  public boolean overlaps(GuestRegion other) {
    return Long.compareUnsigned(guestAddress, other.guestAddress + other.bytes - 1) <= 0
        && Long.compareUnsigned(other.guestAddress, guestAddress + bytes - 1) <= 0;
  }
}
