package io.millrace.scsi;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoType;

/** Vital product data pages of block devices (SBC-4 §6.6), without their headers. */
final class VpdBlockLimits {
  private static final int PAGE_BYTES = 64;
  private static final int HEADER_BYTES = 4;
  private static final int UGAVALID = 1 << 31;
  private static final int VERIFY_UNMAPPED_SUPPORTED = 1; // VBULS
  private static final int NON_ROTATING = 0x0001;
  private static final int LBPU = 1 << 7;
  private static final int LBPWS = 1 << 6;
  private static final int LBPWS10 = 1 << 5;
  private static final int RESOURCE_PROVISIONED = 1;
  private static final int THIN_PROVISIONED = 2;

  private VpdBlockLimits() {}

  /** Whether blocks can be given back, by UNMAP or by WRITE SAME (LBPME, §5.21.2). */
  static boolean hasProvisioningManagement(LogicalUnit unit) {
    return unit.bdev().supports(IoType.UNMAP);
  }

  /** Page B0h (§6.6.4): what is refused when it is more. WSNZ is 0. */
  static void limits(LogicalUnit unit, Answer answer) {
    TransferSizes sizes = unit.sizes();
    BdevLimits limits = unit.bdev().properties().limits();
    boolean unmaps = hasProvisioningManagement(unit);
    int granularity = limits.unmapGranularity() >> unit.blockShift();
    answer.zeroes(PAGE_BYTES - HEADER_BYTES);
    answer.set8(5, sizes.maxCompareBlocks());
    answer.set16(6, optimalGranularity(unit));
    answer.set32(8, sizes.maxTransferBlocks());
    answer.set32(12, sizes.optimalTransferBlocks());
    answer.set32(20, unmaps ? sizes.maxUnmapBlocks() : 0);
    answer.set32(24, unmaps ? BlockCommands.MOST_UNMAP_DESCRIPTORS : 0);
    if (unmaps && granularity > 0) {
      answer.set32(28, granularity);
      answer.set32(32, UGAVALID); // its alignment is 0
    }
    answer.set32(40, sizes.maxUnmapBlocks()); // WRITE SAME
  }

  /** OPTIMAL TRANSFER LENGTH GRANULARITY: what the medium writes at once. */
  private static int optimalGranularity(LogicalUnit unit) {
    BdevProperties properties = unit.bdev().properties();
    int bytes =
        Math.max(properties.limits().optimalTransferBytes(), properties.physicalBlockSize());
    return Math.min(0xffff, bytes >> unit.blockShift());
  }

  /** Page B1h (§6.6.2). */
  static void characteristics(Answer answer) {
    answer.zeroes(PAGE_BYTES - HEADER_BYTES);
    answer.set16(4, NON_ROTATING);
    answer.set8(8, VERIFY_UNMAPPED_SUPPORTED);
  }

  /**
   * Page B2h (§6.6.8). LBPRZ is 0: what an unmapped block reads as is for its bdev to say, and none
   * says.
   */
  static void provisioning(LogicalUnit unit, Answer answer) {
    int same = unit.bdev().supports(IoType.WRITE_ZEROES) ? LBPWS | LBPWS10 : 0;
    int ways = hasProvisioningManagement(unit) ? LBPU | same : 0;
    boolean thin = unit.bdev().properties().limits().unmapGranularity() > 0;
    int type = ways == 0 ? 0 : thin ? THIN_PROVISIONED : RESOURCE_PROVISIONED;
    answer.put8(0).put8(ways).put8(type).put8(0);
  }

  /** Page B7h (§6.6.5): neither streams nor scattered writes. */
  static void limitsExtension(Answer answer) {
    answer.zeroes(PAGE_BYTES - HEADER_BYTES);
  }
}
