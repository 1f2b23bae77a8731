/**
 * Virtqueues over shared memory (virtio 1.3 §2.6 and §2.7), without any device and any transport.
 *
 * <p>Data-path code: addresses are longs, results are codes, nothing is allocated after a queue has
 * started. A queue and its {@link io.millrace.virtqueue.DescriptorChain} belong to one thread.
 * Start reading at {@link io.millrace.virtqueue.DeviceQueue}, the ring engine as a device sees it,
 * and {@link io.millrace.virtqueue.GuestMemoryMap}, which every guest address goes through.
 */
@NullMarked
package io.millrace.virtqueue;

import org.jspecify.annotations.NullMarked;
