package io.millrace.virtio.scsi;

import io.millrace.virtqueue.VirtioFeature;

/** Feature bits of a SCSI host device (virtio 1.3 §5.6.3), as masks. */
public final class ScsiFeature {
  /** Events tell of logical units that come and go. */
  public static final long HOTPLUG = 1L << 1;

  /** Events tell of logical units that change. */
  public static final long CHANGE = 1L << 2;

  /** What a controller offers: no bidirectional commands, no protection information. */
  static final long OFFERED =
      VirtioFeature.VERSION_1
          | VirtioFeature.INDIRECT_DESC
          | VirtioFeature.EVENT_IDX
          | VirtioFeature.NOTIFY_ON_EMPTY
          | VirtioFeature.RING_PACKED
          | HOTPLUG
          | CHANGE;

  private ScsiFeature() {}
}
