package io.millrace.initiator;

/**
 * An event that a device told ({@code struct virtio_scsi_event}, virtio 1.3 §5.6.6.3).
 *
 * @param event its kind, and whether some were missed
 * @param lun of which logical unit, as {@link VirtioScsi#lun} has it
 * @param reason by kind
 */
public record ScsiEventSeen(int event, long lun, int reason) {}
