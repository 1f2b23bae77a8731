/**
 * Bytes to values and back: where a JSON value ends ({@code JsonBoundary}), what a request must
 * look like, which file a socket listens on. One thread, the event loop that owns the connection.
 */
@NullMarked
package io.millrace.rpc.internal;

import org.jspecify.annotations.NullMarked;
