package io.millrace.virtqueue;

/** Feature bits of the ring and the transport (virtio 1.3 §6), as masks. */
public final class VirtioFeature {
  /** VIRTIO_F_NOTIFY_ON_EMPTY, legacy. */
  public static final long NOTIFY_ON_EMPTY = 1L << 24;

  /** VIRTIO_F_ANY_LAYOUT, legacy: any framing. */
  public static final long ANY_LAYOUT = 1L << 27;

  /** VIRTIO_F_INDIRECT_DESC: a descriptor may point to a table of descriptors. */
  public static final long INDIRECT_DESC = 1L << 28;

  /** VIRTIO_F_EVENT_IDX: notifications wanted from an index on. */
  public static final long EVENT_IDX = 1L << 29;

  /** VIRTIO_F_VERSION_1: not a legacy device. */
  public static final long VERSION_1 = 1L << 32;

  /** VIRTIO_F_ACCESS_PLATFORM: guest addresses go through an IOMMU. */
  public static final long ACCESS_PLATFORM = 1L << 33;

  /** VIRTIO_F_RING_PACKED: the packed layout. */
  public static final long RING_PACKED = 1L << 34;

  /** VIRTIO_F_IN_ORDER: buffers come back in the order they were offered. */
  public static final long IN_ORDER = 1L << 35;

  /** VIRTIO_F_RING_RESET: single queues can be reset. */
  public static final long RING_RESET = 1L << 40;

  private VirtioFeature() {}

  /** Whether a set of features has a bit. */
  public static boolean has(long features, long mask) {
    return (features & mask) != 0;
  }
}
