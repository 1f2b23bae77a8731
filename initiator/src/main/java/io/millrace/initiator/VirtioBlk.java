package io.millrace.initiator;

import io.millrace.virtqueue.VirtioFeature;

/**
 * Numbers of the block device as its driver needs them (virtio 1.3 §5.2), written down apart from
 * the device's own so that the two can disagree.
 */
public final class VirtioBlk {
  /** Read sectors. */
  public static final int T_IN = 0;

  /** Write sectors. */
  public static final int T_OUT = 1;

  /** Make everything durable that completed before. */
  public static final int T_FLUSH = 4;

  /** Read the device's name, {@link #ID_BYTES} bytes. */
  public static final int T_GET_ID = 8;

  /** Forget sectors. */
  public static final int T_DISCARD = 11;

  /** Make sectors zero. */
  public static final int T_WRITE_ZEROES = 13;

  /** Status: done. */
  public static final int S_OK = 0;

  /** Status: failed. */
  public static final int S_IOERR = 1;

  /** Status: unknown type. */
  public static final int S_UNSUPP = 2;

  /** Not a status: what is in the byte until the device writes it, when a queue poisons it. */
  public static final int S_NOT_WRITTEN = 0xff;

  /** Size of a sector in bytes, whatever the block size. */
  public static final int SECTOR_BYTES = 512;

  /** Size of the name. */
  public static final int ID_BYTES = 20;

  /** VIRTIO_BLK_F_SIZE_MAX. */
  public static final long F_SIZE_MAX = 1L << 1;

  /** VIRTIO_BLK_F_SEG_MAX. */
  public static final long F_SEG_MAX = 1L << 2;

  /** VIRTIO_BLK_F_GEOMETRY. */
  public static final long F_GEOMETRY = 1L << 4;

  /** VIRTIO_BLK_F_RO. */
  public static final long F_RO = 1L << 5;

  /** VIRTIO_BLK_F_BLK_SIZE. */
  public static final long F_BLK_SIZE = 1L << 6;

  /** VIRTIO_BLK_F_FLUSH. */
  public static final long F_FLUSH = 1L << 9;

  /** VIRTIO_BLK_F_TOPOLOGY. */
  public static final long F_TOPOLOGY = 1L << 10;

  /** VIRTIO_BLK_F_CONFIG_WCE. */
  public static final long F_CONFIG_WCE = 1L << 11;

  /** VIRTIO_BLK_F_MQ. */
  public static final long F_MQ = 1L << 12;

  /** VIRTIO_BLK_F_DISCARD. */
  public static final long F_DISCARD = 1L << 13;

  /** VIRTIO_BLK_F_WRITE_ZEROES. */
  public static final long F_WRITE_ZEROES = 1L << 14;

  /** All of the above: what this driver acknowledges. */
  public static final long FEATURES =
      F_SIZE_MAX
          | F_SEG_MAX
          | F_GEOMETRY
          | F_RO
          | F_BLK_SIZE
          | F_FLUSH
          | F_TOPOLOGY
          | F_CONFIG_WCE
          | F_MQ
          | F_DISCARD
          | F_WRITE_ZEROES;

  private VirtioBlk() {}

  /** Whether the device writes the data of a request of this type. */
  static boolean deviceWrites(int type) {
    return type == T_IN || type == T_GET_ID;
  }

  /** Whether a feature word has a bit. */
  public static boolean has(long features, long bit) {
    return VirtioFeature.has(features, bit);
  }
}
