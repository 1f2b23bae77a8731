package io.millrace.initiator;

/**
 * What sense data says, as one number: sense key (bits 16 to 19), additional sense code (8 to 15)
 * and its qualifier (0 to 7), SPC-5 §4.4. Numbers of conditions that an initiator does something
 * about.
 */
public final class ScsiCondition {
  /** There is no sense data, or none that makes sense. */
  public static final int NONE = 0;

  /** CAPACITY DATA HAS CHANGED, a unit attention. */
  public static final int CAPACITY_CHANGED = 0x6_2a_09;

  /** LOGICAL UNIT IS IN PROCESS OF BECOMING READY. */
  public static final int BECOMING_READY = 0x2_04_01;

  /** INVALID COMMAND OPERATION CODE. */
  public static final int INVALID_OPCODE = 0x5_20_00;

  /** LOGICAL BLOCK ADDRESS OUT OF RANGE. */
  public static final int LBA_OUT_OF_RANGE = 0x5_21_00;

  /** LOGICAL UNIT NOT SUPPORTED: there is none. */
  public static final int NO_UNIT = 0x5_25_00;

  /** SPACE ALLOCATION FAILED WRITE PROTECT: the storage below is full. */
  public static final int SPACE_ALLOCATION_FAILED = 0x7_27_07;

  /** Sense key: the command was done, with some effort. */
  public static final int KEY_RECOVERED_ERROR = 1;

  /** Sense key: something happened that this initiator has to know. */
  public static final int KEY_UNIT_ATTENTION = 6;

  /** Sense key: the medium takes no writes. */
  public static final int KEY_DATA_PROTECT = 7;

  /** Sense key: the unit gave the command up, it may be sent again. */
  public static final int KEY_ABORTED_COMMAND = 0xb;

  /** Sense key: the data is not the same. */
  public static final int KEY_MISCOMPARE = 0xe;

  /** Bytes of sense data that say it, in either format. */
  static final int BYTES = 14;

  private ScsiCondition() {}

  /** The sense key. */
  public static int key(int condition) {
    return condition >> 16;
  }

  /**
   * Reads sense data of either format.
   *
   * @param head its first eight bytes, big-endian
   * @param codes the two bytes at 12
   * @param bytes how many there are
   */
  static int of(long head, int codes, int bytes) {
    int format = (int) (head >>> 56) & 0x7e;
    if (format == 0x70 && bytes >= BYTES) {
      return ((int) (head >>> 40) & 0xf) << 16 | codes;
    }
    if (format == 0x72 && bytes >= Long.BYTES) {
      return (int) (head >>> 32) & 0xf_ffff;
    }
    return NONE;
  }

  /** As {@code 5/24/00}. */
  public static String describe(int condition) {
    return condition == NONE
        ? ""
        : "%x/%02x/%02x".formatted(condition >> 16, condition >> 8 & 0xff, condition & 0xff);
  }
}
