package io.millrace.initiator;

import io.millrace.linux.RawMemory;

/**
 * Commands to block devices as initiators send them (SBC-4 §5, SPC-5 §6): filled in place, so that
 * a queue that sends many has one array for all.
 */
public final class ScsiCdb {
  /** READ(16). */
  public static final int READ_16 = 0x88;

  /** WRITE(16). */
  public static final int WRITE_16 = 0x8a;

  /** VERIFY(16). */
  public static final int VERIFY_16 = 0x8f;

  /** SYNCHRONIZE CACHE(16). */
  public static final int SYNCHRONIZE_CACHE_16 = 0x91;

  /** WRITE SAME(16). */
  public static final int WRITE_SAME_16 = 0x93;

  /** UNMAP. */
  public static final int UNMAP = 0x42;

  /** Of {@link #WRITE_16}: durable before it is done (FUA). */
  public static final int FORCE_UNIT_ACCESS = 1 << 3;

  /** Of {@link #VERIFY_16}: compares with the data (BYTCHK 01b). */
  public static final int BYTE_CHECK = 1 << 1;

  /** Of {@link #WRITE_SAME_16}: may unmap the blocks. */
  public static final int SAME_UNMAP = 1 << 3;

  /** Of {@link #WRITE_SAME_16}: no data, zeroes are meant (NDOB). */
  public static final int SAME_WITHOUT_DATA = 1;

  /** Bytes of the commands whose names end in 16. */
  public static final int BYTES_16 = 16;

  /** Bytes of what {@link #unmapOfOne} has as data: a header and one descriptor. */
  public static final int UNMAP_LIST_BYTES = 24;

  private static final int UNMAP_CDB_BYTES = 10;
  private static final int PARAMETER_LENGTH_AT = 8;

  private ScsiCdb() {}

  /**
   * Fills a command of 16 bytes.
   *
   * @param cdb of {@link #BYTES_16}; all but its last two bytes are set
   * @param flags of its second byte
   * @param block the first one
   * @param blocks how many; the low 32 bits count
   */
  public static void fill(byte[] cdb, int opcode, int flags, long block, long blocks) {
    cdb[0] = (byte) opcode;
    cdb[1] = (byte) flags;
    for (int i = 0; i < Long.BYTES; i++) {
      cdb[2 + i] = (byte) (block >>> (56 - Byte.SIZE * i));
    }
    for (int i = 0; i < Integer.BYTES; i++) {
      cdb[10 + i] = (byte) (blocks >>> (24 - Byte.SIZE * i));
    }
  }

  /** An UNMAP whose list has one descriptor, always the same. */
  public static byte[] unmapOfOne() {
    byte[] cdb = new byte[UNMAP_CDB_BYTES];
    cdb[0] = UNMAP;
    cdb[PARAMETER_LENGTH_AT] = UNMAP_LIST_BYTES;
    return cdb;
  }

  /**
   * Writes the list of an {@link #unmapOfOne} into shared memory (SBC-4 §5.32).
   *
   * @param blocks how many; the low 32 bits count
   */
  public static void putUnmapList(long address, long block, long blocks) {
    // The lengths of what follows each of them, big-endian.
    RawMemory.putLong(address, Long.reverseBytes((22L << 48) | (16L << 32)));
    RawMemory.putLong(address + 8, Long.reverseBytes(block));
    RawMemory.putLong(address + 16, Long.reverseBytes(blocks << 32));
  }
}
