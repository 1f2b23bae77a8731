package io.millrace.initiator;

/**
 * Numbers of the SCSI host device as its driver needs them (virtio 1.3 §5.6), written down apart
 * from the device's own so that the two can disagree.
 */
public final class VirtioScsi {
  /** VIRTIO_SCSI_F_HOTPLUG. */
  public static final long F_HOTPLUG = 1L << 1;

  /** VIRTIO_SCSI_F_CHANGE. */
  public static final long F_CHANGE = 1L << 2;

  /** The device's own features that this driver understands. */
  public static final long FEATURES = F_HOTPLUG | F_CHANGE;

  /** Response: status and sense data say how it went. */
  public static final int S_OK = 0;

  /** Response: the command asks for more data than its buffers have. */
  public static final int S_OVERRUN = 1;

  /** Response: aborted by a task management function. */
  public static final int S_ABORTED = 2;

  /** Response: no such target. */
  public static final int S_BAD_TARGET = 3;

  /** Response: aborted by a reset. */
  public static final int S_RESET = 4;

  /** Response: the device cannot take it now. */
  public static final int S_BUSY = 5;

  /** Response: failed for another reason. */
  public static final int S_FAILURE = 9;

  /** Response of a function: done. */
  public static final int S_FUNCTION_COMPLETE = 0;

  /** Response of a query: there is such a task. */
  public static final int S_FUNCTION_SUCCEEDED = 10;

  /** Response of a function: not supported. */
  public static final int S_FUNCTION_REJECTED = 11;

  /** Response of a function: no such logical unit. */
  public static final int S_INCORRECT_LUN = 12;

  /** Status: done. */
  public static final int GOOD = 0;

  /** Status: sense data says what happened. */
  public static final int CHECK_CONDITION = 0x02;

  /** Status: the unit cannot take it now. */
  public static final int BUSY = 0x08;

  /** Status: the unit has as many commands as it takes. */
  public static final int TASK_SET_FULL = 0x28;

  /** Bit of an event: some before it were lost. */
  public static final int EVENTS_MISSED = 1 << 31;

  /** Event: a logical unit came or went, or was reset. */
  public static final int EVENT_TRANSPORT_RESET = 1;

  /** Event: something about a logical unit is not as it was; its reason is ASC and ASCQ. */
  public static final int EVENT_PARAMETER_CHANGE = 3;

  /** Reason of {@link #EVENT_TRANSPORT_RESET}: the unit is no more. */
  public static final int REASON_REMOVED = 2;

  /** Reason of {@link #EVENT_PARAMETER_CHANGE}: CAPACITY DATA HAS CHANGED. */
  public static final int REASON_CAPACITY_CHANGED = 0x2a | 0x09 << 8;

  /** Task attribute: simple. */
  public static final int ATTRIBUTE_SIMPLE = 0;

  /** Task attribute: ordered. */
  public static final int ATTRIBUTE_ORDERED = 1;

  /** Task attribute: head of queue. */
  public static final int ATTRIBUTE_HEAD = 2;

  static final int CONTROL_QUEUE = 0;
  static final int EVENT_QUEUE = 1;

  /** Queue from which on requests are taken; those before it are for control and events. */
  public static final int FIRST_REQUEST_QUEUE = 2;

  static final int CDB_BYTES = 32;
  static final int SENSE_BYTES = 96;

  private static final long UNIT_MASK = 0x00ff_3fff_0000_0000L;

  private VirtioScsi() {}

  /** Whether both mean the same logical unit: small numbers have two spellings (SAM-5 §4.7.7). */
  public static boolean isSameUnit(long lun, long other) {
    return ((lun ^ other) & UNIT_MASK) == 0;
  }

  /**
   * The eight bytes that name a logical unit, as a big-endian number, in the way of REPORT LUNS.
   *
   * @param target 0 to 255
   * @param lun 0 to 16383
   */
  public static long lun(int target, int lun) {
    return 1L << 56 | (long) target << 48 | (long) (lun < 256 ? lun : 0x4000 | lun) << 32;
  }
}
