package io.millrace.virtio.scsi;

/**
 * The eight bytes by which a driver names a logical unit (virtio 1.3 §5.6.6.1): 1, the target, and
 * a single level LUN structure (SAM-6 §4.7.7). As a long they are big-endian.
 */
final class LunAddress {
  /** {@link #number} of what is no logical unit's. */
  static final int NONE = -1;

  private static final int BUS = 1; // the first byte
  private static final int FLAT = 1; // addressing method, the upper two bits of the third
  private static final int PERIPHERAL = 0;
  private static final int REPORT_LUNS = 0xc101;
  private static final long REST = 0xffff_ffffL; // of one level, these are 0

  private LunAddress() {}

  /** Whether the bytes name a target here. */
  static boolean isOurs(long address) {
    return address >>> 56 == BUS;
  }

  /** The target: 0 to 255. */
  static int target(long address) {
    return (int) (address >>> 48) & 0xff;
  }

  /** The number of the logical unit, or {@link #NONE}, as for a well known one. */
  static int number(long address) {
    int level = (int) (address >>> 32) & 0xffff;
    if ((address & REST) != 0) {
      return NONE;
    }
    return switch (level >>> 14) {
      case PERIPHERAL -> level <= 0xff ? level : NONE;
      case FLAT -> level & 0x3fff;
      default -> NONE;
    };
  }

  /** Whether it is the well known logical unit REPORT LUNS (SPC-5 §8.2). */
  static boolean isReportLuns(long address) {
    return ((int) (address >>> 32) & 0xffff) == REPORT_LUNS && (address & REST) == 0;
  }

  /** The bytes for a logical unit, in the way of REPORT LUNS: drivers compare the two. */
  static long of(int target, int number) {
    int level = number <= 0xff ? number : FLAT << 14 | number;
    return (long) BUS << 56 | (long) target << 48 | (long) level << 32;
  }
}
