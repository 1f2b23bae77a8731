package io.millrace.virtqueue;

/**
 * Where a stopped queue stands, split or packed: all there is to go on elsewhere (another reactor,
 * another process, another host), once nothing is in flight.
 *
 * @param availIndex the next entry of the avail ring to look at, 0 to 65535; packed: the next
 *     descriptor to take, with the ring wrap counter in bit 15
 * @param usedIndex the next entry of the used ring to fill, 0 to 65535; packed: the next descriptor
 *     to write, with the ring wrap counter in bit 15
 */
public record QueueState(int availIndex, int usedIndex) {
  /** Refuses what is no 16-bit index. */
  public QueueState {
    if (((availIndex | usedIndex) & ~0xffff) != 0) {
      throw new IllegalArgumentException("a ring index has 16 bits");
    }
  }
}
