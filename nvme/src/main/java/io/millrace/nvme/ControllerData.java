package io.millrace.nvme;

import java.util.List;
import java.util.Set;

/**
 * What a controller says of itself: identify controller (base 2.0 figure 276) and, where it has it,
 * the NVM command set's own part (NVM command set 1.0 figure 101).
 *
 * @param vendor PCI vendor id
 * @param subsystemVendor PCI subsystem vendor id
 * @param serial printable text
 * @param model printable text
 * @param firmware printable text
 * @param controllerId within its subsystem
 * @param version as the VS register
 * @param maxTransferBytes longest data of an I/O command; MAX_DATA_BYTES at most
 * @param retryDelaysMillis times of retry delays 1 to 3
 * @param shutdownMillis how long it says an orderly shutdown takes, 0 if it does not
 * @param eventRequests most asynchronous event requests at once, 1 to 256
 * @param events kinds of asynchronous events that it has (OAES)
 * @param admin optional admin commands (OACS)
 * @param optional optional I/O commands (ONCS)
 * @param fused fused operations (FUSES)
 * @param volatileCache whether it has a write cache that loses data with the power
 * @param sgl whether I/O commands may have scatter gather lists
 * @param namespaces highest namespace id
 * @param stripeBytes multiple that a command should not cross, 0 for none
 * @param maxZeroesBlocks most blocks of a write zeroes; 65536 at most
 * @param maxDeallocateBlocks most blocks of one deallocated range, 2^32 - 1 at most
 * @param subsystem NQN of its subsystem
 */
public record ControllerData(
    int vendor,
    int subsystemVendor,
    String serial,
    String model,
    String firmware,
    int controllerId,
    int version,
    int maxTransferBytes,
    List<Integer> retryDelaysMillis,
    long shutdownMillis,
    int eventRequests,
    int events,
    int admin,
    int optional,
    int fused,
    boolean volatileCache,
    boolean sgl,
    int namespaces,
    int stripeBytes,
    int maxZeroesBlocks,
    long maxDeallocateBlocks,
    String subsystem) {
  private static final int ADMIN_SECURITY = 1;
  private static final int ADMIN_FORMAT = 1 << 1;
  private static final int ADMIN_FIRMWARE = 1 << 2;
  private static final int ADMIN_NAMESPACES = 1 << 3;
  private static final int ADMIN_DOORBELL_BUFFER = 1 << 8;
  private static final int OPTIONAL_COMPARE = 1;
  private static final int OPTIONAL_DATASET_MANAGEMENT = 1 << 2;
  private static final int OPTIONAL_WRITE_ZEROES = 1 << 3;
  private static final int FUSED_COMPARE_AND_WRITE = 1;
  private static final int MAX_BLOCKS = 1 << 16;
  private static final int VENDOR_SPECIFIC = 3072;

  /**
   * Reads both structures.
   *
   * @param controller identify controller
   * @param commandSet the NVM command set's part; zeroes where there is none
   * @param minPageBytes the controller's smallest page: its limits count in it
   */
  static ControllerData of(
      byte[] controller, byte[] commandSet, long minPageBytes, Set<Quirk> quirks) {
    IdentifyData id = new IdentifyData(controller);
    IdentifyData nvm = new IdentifyData(commandSet);
    int sgls = id.i32(536);
    return new ControllerData(
        id.u16(0),
        id.u16(2),
        id.text(4, 20),
        id.text(24, 40),
        id.text(64, 8),
        id.u16(78),
        id.i32(80),
        (int) power(id.u8(77), minPageBytes, NvmeRequest.MAX_DATA_BYTES),
        List.of(id.u16(128) * 100, id.u16(130) * 100, id.u16(132) * 100),
        id.u32(88) / 1000,
        id.u8(259) + 1,
        id.i32(92),
        id.u16(256),
        id.u16(520),
        id.u16(522),
        (id.u8(525) & 1) != 0,
        (sgls & 3) != 0 && !quirks.contains(Quirk.NO_SGL),
        id.i32(516),
        stripe(id, minPageBytes, quirks),
        (int) zeroes(nvm.u8(1), minPageBytes, quirks),
        nvm.u32(4) == 0 ? 0xffff_ffffL : nvm.u32(4),
        id.text(768, 256));
  }

  /** A limit that is a power of two of pages; 0 is none. */
  private static long power(int exponent, long page, long most) {
    return exponent == 0 || exponent > 40 ? most : Math.min(most, page << Math.min(exponent, 20));
  }

  private static int stripe(IdentifyData id, long page, Set<Quirk> quirks) {
    int exponent = id.u8(VENDOR_SPECIFIC + 3);
    return quirks.contains(Quirk.STRIPE_SIZE) && exponent > 0 && exponent < 16
        ? (int) Math.min(page << exponent, 1 << 30)
        : 0;
  }

  private static long zeroes(int exponent, long page, Set<Quirk> quirks) {
    if (quirks.contains(Quirk.NO_WRITE_ZEROES)) {
      return 0;
    }
    long bytes = power(exponent, page, (long) MAX_BLOCKS * 512);
    return Math.clamp(
        bytes / 4096, 1, MAX_BLOCKS); // in blocks of 4 KiB: right for smaller ones too
  }

  /** Its version: {@code 1.4}, or {@code 1.2.1} where there is a third number. */
  public String versionText() {
    String two = (version >>> 16) + "." + (version >>> 8 & 0xff);
    int third = version & 0xff;
    return third == 0 ? two : two + "." + third;
  }

  /** Whether it formats. */
  public boolean hasFormat() {
    return (admin & ADMIN_FORMAT) != 0;
  }

  /** Whether it has security send and receive. */
  public boolean hasSecurity() {
    return (admin & ADMIN_SECURITY) != 0;
  }

  /** Whether it takes firmware. */
  public boolean hasFirmware() {
    return (admin & ADMIN_FIRMWARE) != 0;
  }

  /** Whether it makes, deletes and attaches namespaces. */
  public boolean hasNamespaceManagement() {
    return (admin & ADMIN_NAMESPACES) != 0;
  }

  boolean hasDoorbellBuffer() {
    return (admin & ADMIN_DOORBELL_BUFFER) != 0;
  }

  /** Whether it compares. */
  public boolean hasCompare() {
    return (optional & OPTIONAL_COMPARE) != 0;
  }

  /** Whether it deallocates. */
  public boolean hasDeallocate() {
    return (optional & OPTIONAL_DATASET_MANAGEMENT) != 0;
  }

  /** Whether it writes zeroes. */
  public boolean hasWriteZeroes() {
    return (optional & OPTIONAL_WRITE_ZEROES) != 0 && maxZeroesBlocks > 0;
  }

  /** Whether it compares and writes as one. */
  public boolean hasCompareAndWrite() {
    return (fused & FUSED_COMPARE_AND_WRITE) != 0;
  }
}
