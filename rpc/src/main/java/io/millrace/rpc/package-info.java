/**
 * The control plane's door: methods with parameters declared once, called by JSON-RPC, by the
 * configuration file and by {@code millrace rpc}.
 *
 * <p>Start at {@code MethodRegistry}: modules put their {@code RpcMethod}s into it, {@code
 * RpcServer} and {@code ConfigLoader} call them. The registry, the server and every handler belong
 * to one thread, the event loop of the control reactor; {@code RpcClient} may be used anywhere.
 * Names, framing and error codes are SPDK's, so that its {@code rpc.py} works.
 */
@NullMarked
package io.millrace.rpc;

import org.jspecify.annotations.NullMarked;
