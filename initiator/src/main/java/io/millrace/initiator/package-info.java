/**
 * The other end of vhost-user: a front-end with memory of its own and a virtio-blk driver on split
 * rings. It drives Millrace and other people's back-ends; {@code millrace perf} and the tests stand
 * on it, so raw access is always possible.
 *
 * <p>{@link io.millrace.initiator.Frontend} is control plane and blocks, one thread at a time;
 * {@link io.millrace.initiator.BlkQueue} is data path, one thread per queue. Start reading at
 * {@link io.millrace.initiator.VirtioBlkDriver}.
 */
@NullMarked
package io.millrace.initiator;

import org.jspecify.annotations.NullMarked;
