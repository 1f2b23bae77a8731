package io.millrace.initiator;

import io.millrace.vhost.user.ByteString;
import java.nio.ByteBuffer;

/**
 * The block device's configuration space (virtio 1.3 §5.2.4). Fields mean something only with their
 * feature.
 *
 * @param capacitySectors size in sectors of 512 bytes
 * @param maxSegmentBytes largest segment (SIZE_MAX)
 * @param maxSegments most segments of a request (SEG_MAX)
 * @param cylinders of the disk's geometry (GEOMETRY)
 * @param heads of the disk's geometry (GEOMETRY)
 * @param sectors of the disk's geometry, on a track (GEOMETRY)
 * @param blockSize logical block in bytes (BLK_SIZE)
 * @param physicalBlockExponent logical blocks of a physical one as a power of two (TOPOLOGY)
 * @param alignmentOffset first logical block that starts a physical one (TOPOLOGY)
 * @param minIoBlocks suggested least transfer in logical blocks (TOPOLOGY)
 * @param optIoBlocks suggested largest transfer in logical blocks, 0 for none (TOPOLOGY)
 * @param writeback 1 when the device's cache is write-back (CONFIG_WCE)
 * @param queueCount queues the device has (MQ)
 * @param maxDiscardSectors most sectors of a discard segment (DISCARD)
 * @param maxDiscardSegments most segments of a discard (DISCARD)
 * @param discardAlignmentSectors what discards are best aligned to (DISCARD)
 * @param maxWriteZeroesSectors most sectors of a write-zeroes segment (WRITE_ZEROES)
 * @param maxWriteZeroesSegments most segments of a write-zeroes (WRITE_ZEROES)
 * @param writeZeroesMayUnmap 1 when a write-zeroes can deallocate (WRITE_ZEROES)
 */
public record BlkConfig(
    long capacitySectors,
    int maxSegmentBytes,
    int maxSegments,
    int cylinders,
    int heads,
    int sectors,
    int blockSize,
    int physicalBlockExponent,
    int alignmentOffset,
    int minIoBlocks,
    int optIoBlocks,
    int writeback,
    int queueCount,
    int maxDiscardSectors,
    int maxDiscardSegments,
    int discardAlignmentSectors,
    int maxWriteZeroesSectors,
    int maxWriteZeroesSegments,
    int writeZeroesMayUnmap) {
  /** Bytes read: all fields up to those of WRITE_ZEROES. */
  static final int BYTES = 60;

  /** Place of the writable field {@code writeback}. */
  public static final int WRITEBACK_OFFSET = 32;

  static BlkConfig decode(ByteString bytes) {
    ByteBuffer b = bytes.asBuffer();
    return new BlkConfig(
        b.getLong(0),
        b.getInt(8),
        b.getInt(12),
        b.getShort(16) & 0xffff,
        b.get(18) & 0xff,
        b.get(19) & 0xff,
        b.getInt(20),
        b.get(24) & 0xff,
        b.get(25) & 0xff,
        b.getShort(26) & 0xffff,
        b.getInt(28),
        b.get(WRITEBACK_OFFSET) & 0xff,
        b.getShort(34) & 0xffff,
        b.getInt(36),
        b.getInt(40),
        b.getInt(44),
        b.getInt(48),
        b.getInt(52),
        b.get(56) & 0xff);
  }

  /** Capacity in bytes. */
  public long sizeBytes() {
    return capacitySectors * VirtioBlk.SECTOR_BYTES;
  }
}
