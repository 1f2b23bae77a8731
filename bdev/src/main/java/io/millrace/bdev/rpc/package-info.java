/**
 * The block layer's JSON-RPC methods with SPDK's names, parameters, result shapes and error codes.
 *
 * <p>Control thread. Nothing else refers to this package, so that a server without a configuration
 * file and without JSON-RPC does not load it. Start at {@link io.millrace.bdev.rpc.BdevMethods}.
 */
@NullMarked
package io.millrace.bdev.rpc;

import org.jspecify.annotations.NullMarked;
