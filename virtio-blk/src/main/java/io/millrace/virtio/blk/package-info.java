/**
 * The virtio-blk device over vhost-user (virtio 1.3 §5.2).
 *
 * <p>{@link io.millrace.virtio.blk.BlkControllers} makes and lists controllers: a socket, a device
 * and an opened bdev each; that and {@code BlkDevice} are control-thread code. {@code BlkQueue} and
 * {@code BlkRequest} are the data path, on the reactor of their queue.
 */
@NullMarked
package io.millrace.virtio.blk;

import org.jspecify.annotations.NullMarked;
