package io.millrace.initiator.perf;

import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The pattern that {@code --verify} writes: each sector of 512 bytes tells where it belongs, which
 * write it is of, and its own checksum, so that it can be judged by itself, by any later run and
 * with any request size. Data path, and one thread: the buffers are the caller's.
 *
 * <pre>
 *   0  magic
 *   8  offset on the disk, in bytes
 *  16  generation: microseconds since 1970 when its pass began, more with each pass
 *  24  sectors of the write request (32 bits), this one's place among them (32 bits)
 *  32  filling, a function of the words above
 * 508  CRC-32C of all before
 * </pre>
 */
final class VerifyStamp {
  /** Bytes that stand for themselves. */
  static final int SECTOR = 512;

  /** "MILLRACE" in memory. */
  static final long MAGIC = 0x4543_4152_4c4c_494dL;

  /** In place of the magic in a buffer that a device has not filled yet. */
  static final long UNFILLED = 0x2164_656c_6c69_6675L;

  private static final int OFFSET = 8;
  private static final int GENERATION = 16;
  private static final int REQUEST = 24;
  private static final int FILLING = 32;
  private static final int CRC = 508;
  private static final long ODD_1 = 0x9E3779B97F4A7C15L;
  private static final long ODD_2 = 0xBF58476D1CE4E5B9L;

  private VerifyStamp() {}

  /** A view of memory for the methods below. Allocates. */
  static ByteBuffer view(long address, int bytes) {
    return RawMemory.segment(address, bytes).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /**
   * Writes the pattern into a request.
   *
   * @param address of its data
   * @param view of the same memory
   * @param bytes of data, whole sectors
   * @param offset on the disk
   */
  static void write(
      long address, ByteBuffer view, int bytes, long offset, long generation, CRC32C crc) {
    int sectors = bytes / SECTOR;
    for (int i = 0; i < sectors; i++) {
      int at = i * SECTOR;
      writeSector(address + at, view, at, offset + at, generation, request(sectors, i), crc);
    }
  }

  /** The word that tells a sector's place in its request. */
  static long request(int sectors, int index) {
    return (long) index << 32 | sectors;
  }

  static void writeSector(
      long sector,
      ByteBuffer view,
      int position,
      long offset,
      long generation,
      long request,
      CRC32C crc) {
    RawMemory.putLong(sector, MAGIC);
    RawMemory.putLong(sector + OFFSET, offset);
    RawMemory.putLong(sector + GENERATION, generation);
    RawMemory.putLong(sector + REQUEST, request);
    long seed = offset * ODD_1 ^ generation * ODD_2 ^ request;
    // The last word is cut in half by the checksum.
    for (int at = FILLING; at < SECTOR; at += Long.BYTES) {
      seed += ODD_1;
      long mixed = (seed ^ seed >>> 32) * ODD_2;
      RawMemory.putLong(sector + at, mixed ^ mixed >>> 29);
    }
    RawMemory.putInt(sector + CRC, crc(view, position, crc));
  }

  /** Marks a buffer, so that a device that answers without filling it is seen. */
  static void markUnfilled(long address, int bytes) {
    for (int at = 0; at < bytes; at += SECTOR) {
      RawMemory.putLong(address + at, UNFILLED);
    }
  }

  /** Whether a sector is as it was written, wherever and whenever that was. */
  static boolean isIntact(long sector, ByteBuffer view, int position, CRC32C crc) {
    return RawMemory.getLong(sector) == MAGIC
        && RawMemory.getInt(sector + CRC) == crc(view, position, crc);
  }

  static long magic(long sector) {
    return RawMemory.getLong(sector);
  }

  static long offset(long sector) {
    return RawMemory.getLong(sector + OFFSET);
  }

  static long generation(long sector) {
    return RawMemory.getLong(sector + GENERATION);
  }

  static long request(long sector) {
    return RawMemory.getLong(sector + REQUEST);
  }

  /** Offset on the disk of the request that wrote an intact sector. */
  static long requestOffset(long sector) {
    return offset(sector) - (request(sector) >>> 32) * SECTOR;
  }

  private static int crc(ByteBuffer view, int position, CRC32C crc) {
    view.limit(position + CRC).position(position);
    crc.reset();
    crc.update(view);
    return (int) crc.getValue();
  }
}
