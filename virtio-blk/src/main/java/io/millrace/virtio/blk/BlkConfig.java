package io.millrace.virtio.blk;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
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

  /** Place of the one byte that a driver may write. */
  static final int WRITEBACK = 32;

  private static final int BYTES = 60;
  private static final int CAPACITY = 0;
  private static final int SIZE_MAX = 8;
  private static final int SEG_MAX = 12;
  private static final int CYLINDERS = 16;
  private static final int HEADS = 18;
  private static final int SECTORS = 19;
  private static final int BLK_SIZE = 20;
  private static final int PHYSICAL_BLOCK_EXP = 24;
  private static final int MIN_IO_SIZE = 26; // alignment_offset, before it, is 0
  private static final int OPT_IO_SIZE = 28;
  private static final int NUM_QUEUES = 34;
  private static final int MAX_DISCARD_SECTORS = 36;
  private static final int MAX_DISCARD_SEG = 40;
  private static final int DISCARD_SECTOR_ALIGNMENT = 44;
  private static final int MAX_WRITE_ZEROES_SECTORS = 48;
  private static final int MAX_WRITE_ZEROES_SEG = 52;
  private static final int WRITE_ZEROES_MAY_UNMAP = 56;

  /** What a BIOS expects of a disk, and the most cylinders that it counts. */
  private static final int BIOS_HEADS = 16;

  private static final int BIOS_SECTORS = 63;
  private static final int BIOS_MAX_CYLINDERS = 16383;

  /** Drivers want segments of a page at least. */
  private static final int PAGE = 4096;

  private BlkConfig() {}

  /**
   * The configuration space of a disk as it is now.
   *
   * @param features offered
   * @param writeback the session's cache mode
   */
  static byte[] of(Bdev bdev, long features, int queueCount, boolean writeback) {
    ByteBuffer config = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long sectors = bdev.sizeBytes() / SECTOR_BYTES;
    config.putLong(CAPACITY, sectors);
    putSegments(config, bdev.properties().limits());
    putGeometry(config, sectors);
    putTopology(config, bdev.properties());
    config.put(WRITEBACK, (byte) (writeback ? 1 : 0));
    config.putShort(NUM_QUEUES, (short) queueCount);
    RangeLimits ranges = RangeLimits.of(bdev);
    if ((features & BlkFeature.DISCARD) != 0) {
      config.putInt(MAX_DISCARD_SECTORS, ranges.maxSectors());
      config.putInt(MAX_DISCARD_SEG, RangeLimits.MAX_RANGES);
      config.putInt(DISCARD_SECTOR_ALIGNMENT, ranges.alignmentSectors());
    }
    if ((features & BlkFeature.WRITE_ZEROES) != 0) {
      config.putInt(MAX_WRITE_ZEROES_SECTORS, ranges.maxSectors());
      config.putInt(MAX_WRITE_ZEROES_SEG, RangeLimits.MAX_RANGES);
      config.put(WRITE_ZEROES_MAY_UNMAP, (byte) (ranges.zeroesMayUnmap() ? 1 : 0));
    }
    return config.array();
  }

  /** As many and as long segments as a driver may want are together no more than one transfer. */
  private static void putSegments(ByteBuffer config, BdevLimits limits) {
    int transfer = limits.maxTransferBytes();
    int count =
        Math.min(Math.min(MAX_SEGMENTS, limits.maxSegments()), Math.max(1, transfer / PAGE));
    config.putInt(SEG_MAX, count);
    config.putInt(SIZE_MAX, Integer.highestOneBit(transfer / count));
  }

  private static void putGeometry(ByteBuffer config, long sectors) {
    long cylinders = sectors / (BIOS_HEADS * BIOS_SECTORS);
    config.putShort(CYLINDERS, (short) Math.clamp(cylinders, 1, BIOS_MAX_CYLINDERS));
    config.put(HEADS, (byte) BIOS_HEADS);
    config.put(SECTORS, (byte) BIOS_SECTORS);
  }

  private static void putTopology(ByteBuffer config, BdevProperties properties) {
    int block = properties.blockSize();
    int blocksOfPhysical = properties.physicalBlockSize() / block;
    config.putInt(BLK_SIZE, block);
    boolean powerOfTwo = Integer.bitCount(blocksOfPhysical) == 1;
    int exponent = powerOfTwo ? Integer.numberOfTrailingZeros(blocksOfPhysical) : 0;
    config.put(PHYSICAL_BLOCK_EXP, (byte) exponent);
    config.putShort(MIN_IO_SIZE, (short) Math.min(0xffff, blocksOfPhysical));
    config.putInt(OPT_IO_SIZE, properties.limits().optimalTransferBytes() / block);
  }
}
