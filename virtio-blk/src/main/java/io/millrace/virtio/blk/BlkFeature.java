package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoType;
import io.millrace.virtqueue.VirtioFeature;

/** Feature bits of a block device (virtio 1.3 §5.2.3), as masks. */
final class BlkFeature {
  static final long SIZE_MAX = 1L << 1;
  static final long SEG_MAX = 1L << 2;
  static final long GEOMETRY = 1L << 4;
  static final long RO = 1L << 5;
  static final long BLK_SIZE = 1L << 6;
  static final long FLUSH = 1L << 9;
  static final long TOPOLOGY = 1L << 10;
  static final long CONFIG_WCE = 1L << 11;
  static final long MQ = 1L << 12;
  static final long DISCARD = 1L << 13;
  static final long WRITE_ZEROES = 1L << 14;

  private static final long ALWAYS =
      VirtioFeature.VERSION_1
          | VirtioFeature.INDIRECT_DESC
          | VirtioFeature.EVENT_IDX
          | VirtioFeature.NOTIFY_ON_EMPTY
          | SIZE_MAX
          | SEG_MAX
          | GEOMETRY
          | BLK_SIZE
          | FLUSH
          | TOPOLOGY
          | CONFIG_WCE
          | MQ;

  private BlkFeature() {}

  /** What a disk offers: of what depends on the bdev, that which it does. */
  static long offered(Bdev bdev, boolean readOnly, RingOptions rings) {
    long always = ALWAYS | rings.features();
    if (readOnly) {
      return always | RO;
    }
    return always
        | (bdev.supports(IoType.UNMAP) ? DISCARD : 0)
        | (bdev.supports(IoType.WRITE_ZEROES) ? WRITE_ZEROES : 0);
  }
}
