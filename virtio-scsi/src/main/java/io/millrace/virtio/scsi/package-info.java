/**
 * The virtio-scsi device over {@code io.millrace.scsi} (virtio 1.3 §5.6).
 *
 * <p>{@link io.millrace.virtio.scsi.ScsiControllers} makes controllers: a socket and up to 256
 * targets behind it. The device and its targets belong to the control thread, its queues to their
 * reactors.
 */
@NullMarked
package io.millrace.virtio.scsi;

import org.jspecify.annotations.NullMarked;
