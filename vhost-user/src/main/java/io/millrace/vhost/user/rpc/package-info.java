/** The JSON-RPC methods that controllers of every kind have in common. Control thread. */
@NullMarked
package io.millrace.vhost.user.rpc;

import org.jspecify.annotations.NullMarked;
