package io.millrace.virtio.scsi;

/**
 * What an event queue tells ({@code struct virtio_scsi_event}, virtio 1.3 §5.6.6.3).
 *
 * @param event its kind
 * @param lun of which logical unit, see {@link LunAddress}
 * @param reason by kind
 */
record ScsiEvent(int event, long lun, int reason) {
  static final int BYTES = 16;

  /** Bit of {@code event}: some before it were lost. */
  static final int MISSED = 1 << 31;

  static final int NOTHING = 0;
  private static final int TRANSPORT_RESET = 1;
  private static final int PARAMETER_CHANGE = 3;
  private static final int RESCAN = 1;
  private static final int REMOVED = 2;
  private static final int CAPACITY_DATA_HAS_CHANGED = 0x2a | 0x09 << 8; // ASC, then ASCQ

  /** A logical unit is there that was not. */
  static ScsiEvent added(int target, int lun) {
    return new ScsiEvent(TRANSPORT_RESET, LunAddress.of(target, lun), RESCAN);
  }

  /** A logical unit is no more. */
  static ScsiEvent removed(int target, int lun) {
    return new ScsiEvent(TRANSPORT_RESET, LunAddress.of(target, lun), REMOVED);
  }

  /** A logical unit has another size. */
  static ScsiEvent resized(int target, int lun) {
    return new ScsiEvent(PARAMETER_CHANGE, LunAddress.of(target, lun), CAPACITY_DATA_HAS_CHANGED);
  }

  /** The feature without which a driver is not told. */
  long feature() {
    return event == TRANSPORT_RESET ? ScsiFeature.HOTPLUG : ScsiFeature.CHANGE;
  }
}
