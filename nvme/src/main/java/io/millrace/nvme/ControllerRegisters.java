package io.millrace.nvme;

import io.millrace.nvme.pci.Registers;

/**
 * The controller's own registers (base 2.0 §3.1.3) by name. Home reactor, but for the doorbells,
 * which {@link QueueRings} writes.
 */
final class ControllerRegisters {
  private static final int CAP = 0x00;
  private static final int VS = 0x08;
  private static final int CC = 0x14;
  private static final int CSTS = 0x1c;
  private static final int AQA = 0x24;
  private static final int ASQ = 0x28;
  private static final int ACQ = 0x30;
  private static final int CRTO = 0x68;
  private static final int DOORBELLS = 0x1000;

  /** Value of every register of a device that is not there. */
  static final int GONE = -1;

  private static final int CC_ENABLE = 1;
  private static final int CC_CSS_SHIFT = 4;
  private static final int CC_MPS_SHIFT = 7;
  private static final int CC_SHN_MASK = 3 << 14;
  private static final int CC_SHN_NORMAL = 1 << 14;
  private static final int CC_ENTRY_SIZES = 6 << 16 | 4 << 20; // 64 and 16 bytes, as powers of two
  private static final int ALL_COMMAND_SETS = 6;

  private static final int CSTS_READY = 1;
  private static final int CSTS_FATAL = 2;
  private static final int CSTS_SHUTDOWN_MASK = 3 << 2;
  private static final int CSTS_SHUTDOWN_DONE = 2 << 2;

  private static final int PAGE_SHIFT_BASE = 12;
  private static final int CRTO_READY_MASK = 0xffff;

  private final Registers registers;
  private final long capabilities;

  ControllerRegisters(Registers registers) {
    this.registers = registers;
    this.capabilities = registers.bytes() < DOORBELLS ? GONE : registers.read64(CAP);
  }

  /** Whether the device answered at all when its capabilities were read. */
  boolean answered() {
    return capabilities != GONE;
  }

  Registers raw() {
    return registers;
  }

  /** Version as the register has it: major (bits 16–31), minor (8–15), tertiary (0–7). */
  int version() {
    return registers.read32(VS);
  }

  /** Most entries of an I/O queue, 2 to 65536. */
  int maxEntries() {
    return (int) (capabilities & 0xffff) + 1;
  }

  /** The controller's own limit for becoming ready or not ready, in milliseconds. */
  long readyMillis() {
    long millis = (capabilities >>> 24 & 0xff) * 500;
    boolean hasCrto = (capabilities >>> 59 & 3) != 0;
    long crto = hasCrto ? (registers.read32(CRTO) & CRTO_READY_MASK) * 500L : 0;
    return Math.max(millis, crto);
  }

  int doorbellStride() {
    return 4 << (int) (capabilities >>> 32 & 0xf);
  }

  /** Whether the controller does commands of the NVM command set. */
  boolean hasNvmCommandSet() {
    return (capabilities >>> 37 & 1) != 0 || hasCommandSetList();
  }

  /** Whether it tells which command sets it has: the zoned one is among those. */
  boolean hasCommandSetList() {
    return (capabilities >>> 43 & 1) != 0;
  }

  /** Smallest memory page, as a power of two. */
  int minPageShift() {
    return PAGE_SHIFT_BASE + (int) (capabilities >>> 48 & 0xf);
  }

  /** Offset of a submission queue's tail doorbell; the completion queue's is a stride further. */
  long doorbell(int queueId) {
    return DOORBELLS + 2L * queueId * doorbellStride();
  }

  /** Whether the registers hold the doorbells of a queue. */
  boolean holdsDoorbells(int queueId) {
    return doorbell(queueId + 1) <= registers.bytes();
  }

  /** {@link #GONE}, or the status for the methods below. */
  int status() {
    return registers.read32(CSTS);
  }

  static boolean isReady(int status) {
    return (status & CSTS_READY) != 0;
  }

  static boolean isFatal(int status) {
    return (status & CSTS_FATAL) != 0;
  }

  static boolean isShutDown(int status) {
    return (status & CSTS_SHUTDOWN_MASK) == CSTS_SHUTDOWN_DONE;
  }

  boolean isEnabled() {
    return (registers.read32(CC) & CC_ENABLE) != 0;
  }

  /** Sets the admin queue up; the controller is disabled. */
  void adminQueue(long sqIova, long cqIova, int entries) {
    int last = entries - 1;
    registers.write32(AQA, last << 16 | last);
    registers.write64(ASQ, sqIova);
    registers.write64(ACQ, cqIova);
  }

  /**
   * Starts the controller; ready when its status says so.
   *
   * @param pageShift memory page as a power of two, 12 or more
   */
  void enable(int pageShift) {
    int commandSets = hasCommandSetList() ? ALL_COMMAND_SETS << CC_CSS_SHIFT : 0;
    int pages = (pageShift - PAGE_SHIFT_BASE) << CC_MPS_SHIFT;
    registers.write32(CC, CC_ENTRY_SIZES | pages | commandSets); // settled before it is enabled
    registers.write32(CC, CC_ENTRY_SIZES | pages | commandSets | CC_ENABLE);
  }

  /** Stops the controller; all its queues are gone when it is not ready any more. */
  void disable() {
    registers.write32(CC, registers.read32(CC) & ~CC_ENABLE);
  }

  /** Announces an orderly shutdown; done when the status says so. */
  void shutDown() {
    registers.write32(CC, (registers.read32(CC) & ~CC_SHN_MASK) | CC_SHN_NORMAL);
  }
}
