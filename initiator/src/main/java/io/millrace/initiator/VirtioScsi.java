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

  /** Task attribute: simple. */
  public static final int ATTRIBUTE_SIMPLE = 0;

  /** Task attribute: ordered. */
  public static final int ATTRIBUTE_ORDERED = 1;

  /** Task attribute: head of queue. */
  public static final int ATTRIBUTE_HEAD = 2;

  static final int CONTROL_QUEUE = 0;
  static final int EVENT_QUEUE = 1;
  static final int FIRST_REQUEST_QUEUE = 2;
  static final int CDB_BYTES = 32;
  static final int SENSE_BYTES = 96;

  private VirtioScsi() {}

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
