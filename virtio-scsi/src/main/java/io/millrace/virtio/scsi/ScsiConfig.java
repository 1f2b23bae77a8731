package io.millrace.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** {@code struct virtio_scsi_config}, virtio 1.3 §5.6.4. */
final class ScsiConfig {
  /** Queue 0 takes task management, queue 1 events; commands come after them (§5.6.2). */
  static final int CONTROL_QUEUE = 0;

  static final int EVENT_QUEUE = 1;
  static final int FIRST_REQUEST_QUEUE = 2;

  /** Bytes of a CDB in a request. */
  static final int CDB_BYTES = 32;

  /** Bytes of sense data in a response. */
  static final int SENSE_BYTES = 96;

  /** Targets of a controller. */
  static final int TARGETS = 256;

  private static final int BYTES = 36;
  private static final int SECTOR_BYTES = 512;
  private static final int SENSE_SIZE_AT = 20;
  private static final int CDB_SIZE_AT = 24;

  /** Of a queue of 128 descriptors, less header and response. */
  private static final int MAX_SEGMENTS = 126;

  private static final int COMMANDS_A_LUN = 128;
  private static final int MAX_TRANSFER_BYTES = 4 << 20;
  private static final int EVENT_BYTES = 16;

  private ScsiConfig() {}

  /**
   * The configuration space.
   *
   * @param queues of the device, all together
   * @param maxLun largest number of a logical unit
   */
  static byte[] of(int queues, int maxLun) {
    return ByteBuffer.allocate(BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(queues - FIRST_REQUEST_QUEUE)
        .putInt(MAX_SEGMENTS)
        .putInt(MAX_TRANSFER_BYTES / SECTOR_BYTES)
        .putInt(COMMANDS_A_LUN)
        .putInt(EVENT_BYTES)
        .putInt(SENSE_BYTES)
        .putInt(CDB_BYTES)
        .putShort((short) 0) // max_channel
        .putShort((short) (TARGETS - 1))
        .putInt(maxLun)
        .array();
  }

  /**
   * Whether a driver may write this: only the sizes of CDB and sense data are its to choose, and
   * only as they are.
   */
  static boolean mayWrite(byte[] config, int offset, byte[] data) {
    for (int i = 0; i < data.length; i++) {
      int at = offset + i;
      boolean its = at >= SENSE_SIZE_AT && at < CDB_SIZE_AT + Integer.BYTES;
      if (!its || config[at] != data[i]) {
        return false;
      }
    }
    return true;
  }
}
