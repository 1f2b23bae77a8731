package io.millrace.virtqueue;

import org.jspecify.annotations.Nullable;

/**
 * The two formats of a virtqueue (virtio 1.3 §2.6): what a queue's size may be, how large its areas
 * are, and how a front-end writes down where it stands (SET_VRING_BASE and GET_VRING_BASE in
 * vhost-user.rst).
 */
public enum RingFormat {
  /** Descriptor table, available ring, used ring (§2.7). */
  SPLIT,
  /** One ring of descriptors that both sides write, and two event suppression areas (§2.8). */
  PACKED;

  private static final int U16 = 0xffff;

  /** The format that features ask for. */
  public static RingFormat of(long features) {
    return VirtioFeature.has(features, VirtioFeature.RING_PACKED) ? PACKED : SPLIT;
  }

  /** Whether a queue of this size can be. */
  public boolean isValidSize(long size) {
    boolean inRange = size >= 1 && size <= VringLayout.MAX_SIZE;
    return inRange && (this == PACKED || Long.bitCount(size) == 1);
  }

  /** Bytes of the driver area: the available ring, or the driver event suppression structure. */
  long driverAreaBytes(int size) {
    return this == SPLIT ? VirtqAvail.bytes(size) : PackedEvent.BYTES;
  }

  /** Bytes of the device area: the used ring, or the device event suppression structure. */
  long deviceAreaBytes(int size) {
    return this == SPLIT ? VirtqUsed.bytes(size) : PackedEvent.BYTES;
  }

  /** What the driver area's address is a multiple of; the device area's of 4 in both formats. */
  int driverAreaAlignment() {
    return this == SPLIT ? 2 : 4;
  }

  /** What a front-end gives as base of a queue that never ran. */
  public int firstBase() {
    return this == SPLIT ? 0 : base(new QueueState(PackedPosition.FIRST, PackedPosition.FIRST));
  }

  /** A stopped queue's state as GET_VRING_BASE tells it. */
  public int base(QueueState state) {
    return this == SPLIT ? state.availIndex() : state.availIndex() | state.usedIndex() << 16;
  }

  /**
   * Where a queue is to start.
   *
   * <p>Split: the used index is what the ring itself says. Packed: nothing is in flight at a base
   * that a queue stopped at, so the used position is the available one; the upper half, which not
   * every front-end fills in, need not be believed.
   *
   * @param base as SET_VRING_BASE gave it, any value
   * @param layout of the ring; read for the split format
   * @return null if no ring of that size can stand there
   */
  @Nullable QueueState start(int base, VringLayout layout) {
    int position = base & U16;
    if (this == SPLIT) {
      return new QueueState(position, VirtqUsed.idxAcquire(layout.used()));
    }
    return PackedPosition.index(position) < layout.size()
        ? new QueueState(position, position)
        : null;
  }
}
