package io.millrace.virtio.blk;

import io.millrace.virtqueue.VirtioFeature;

/**
 * Which ways to use a ring a disk offers, of those that somebody may want to do without.
 *
 * @param packed the packed format; QEMU asks for it with {@code packed=on} only
 * @param inOrder answers in the order of the requests: less work for a driver, but a quick request
 *     waits for a slow one before it. QEMU asks for it with {@code in_order=on} only
 * @param reset that a single queue is reset. QEMU 7.2 lets a guest's driver see the bit and then
 *     does not pass the reset on, so that it is off unless somebody knows better
 */
public record RingOptions(boolean packed, boolean inOrder, boolean reset) {
  /** Packed and in order are offered, reset is not. */
  public static final RingOptions DEFAULTS = new RingOptions(true, true, false);

  /** With packed rings offered or not. */
  public RingOptions withPacked(boolean offered) {
    return new RingOptions(offered, inOrder, reset);
  }

  /** With answers in order offered or not. */
  public RingOptions withInOrder(boolean offered) {
    return new RingOptions(packed, offered, reset);
  }

  /** With the reset of single queues offered or not. */
  public RingOptions withReset(boolean offered) {
    return new RingOptions(packed, inOrder, offered);
  }

  /** The feature bits. */
  long features() {
    return (packed ? VirtioFeature.RING_PACKED : 0)
        | (inOrder ? VirtioFeature.IN_ORDER : 0)
        | (reset ? VirtioFeature.RING_RESET : 0);
  }
}
