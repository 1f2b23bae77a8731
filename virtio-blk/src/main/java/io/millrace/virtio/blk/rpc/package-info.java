/**
 * The JSON-RPC methods of block controllers, SPDK's {@code vhost_*}.
 *
 * <p>Control thread. Nothing else refers to this package, so that a server without a configuration
 * file and without JSON-RPC does not load it. Start at {@link
 * io.millrace.virtio.blk.rpc.BlkMethods}.
 */
@NullMarked
package io.millrace.virtio.blk.rpc;

import org.jspecify.annotations.NullMarked;
