/**
 * Disks behind somebody else's vhost-user socket as bdevs, of virtio-blk and of SCSI. {@link
 * io.millrace.initiator.bdev.VhostUserBdev} is control plane; its channels are data path, each on
 * the reactor that opened it, with one of the device's queues to itself.
 */
@NullMarked
package io.millrace.initiator.bdev;

import org.jspecify.annotations.NullMarked;
