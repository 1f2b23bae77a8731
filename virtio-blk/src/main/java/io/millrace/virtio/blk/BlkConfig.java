package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** {@code struct virtio_blk_config}, virtio 1.3 §5.2.4: little-endian, fields not offered are 0. */
final class BlkConfig {
  /** Sectors of the configuration and of requests have this size whatever the logical block. */
  static final int SECTOR_BYTES = 512;

  /**
   * Most data segments of a request: a queue of 128 descriptors, less header and status, as drivers
   * that do not use indirect tables must be able to keep.
   */
  static final int MAX_SEGMENTS = 126;

  private static final int BYTES = 60;
  private static final int CAPACITY = 0;
  private static final int SEG_MAX = 12;
  private static final int BLK_SIZE = 20;
  private static final int WRITEBACK = 32;
  private static final int NUM_QUEUES = 34;

  private BlkConfig() {}

  static byte[] of(Bdev bdev, int queueCount) {
    ByteBuffer config = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    config.putLong(CAPACITY, bdev.sizeBytes() / SECTOR_BYTES);
    config.putInt(SEG_MAX, Math.min(MAX_SEGMENTS, bdev.properties().limits().maxSegments()));
    config.putInt(BLK_SIZE, bdev.properties().blockSize());
    config.put(WRITEBACK, (byte) 1);
    config.putShort(NUM_QUEUES, (short) queueCount);
    return config.array();
  }
}
