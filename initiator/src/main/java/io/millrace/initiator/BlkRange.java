package io.millrace.initiator;

import io.millrace.linux.RawMemory;

/**
 * {@code struct virtio_blk_discard_write_zeroes} (virtio 1.3 §5.2.6): what {@link
 * VirtioBlk#T_DISCARD} and {@link VirtioBlk#T_WRITE_ZEROES} have as data, one or several.
 */
public final class BlkRange {
  /** Bytes of one. */
  public static final int BYTES = 16;

  /** The device may deallocate the range; for write zeroes only. */
  public static final int FLAG_UNMAP = 1;

  private BlkRange() {}

  /**
   * Writes a range into shared memory.
   *
   * @param address of the first range
   * @param index of this one, from 0
   * @param sector first sector of 512 bytes
   * @param sectors how many; the low 32 bits count
   * @param flags 0 or {@link #FLAG_UNMAP}, or what no device knows
   */
  public static void put(long address, int index, long sector, long sectors, int flags) {
    long at = address + (long) index * BYTES;
    RawMemory.putLong(at, sector);
    RawMemory.putInt(at + 8, (int) sectors);
    RawMemory.putInt(at + 12, flags);
  }
}
