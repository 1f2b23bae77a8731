/** JSON-RPC methods for virtio devices of other servers. Control plane. */
@NullMarked
package io.millrace.initiator.rpc;

import org.jspecify.annotations.NullMarked;
