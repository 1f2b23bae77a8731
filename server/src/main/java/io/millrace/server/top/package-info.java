/**
 * {@code millrace top}: what a running server does, live in a terminal or as text.
 *
 * <p>A {@code Sampler} asks the server for its counters on a thread of its own, and outlives it.
 * Two {@code Snapshot}s of counters make a {@code Frame} of rates. The main thread draws frames:
 * {@code Screen} and what it is made of are functions from a frame and a {@code TopState} to lines
 * of text, {@code TopTerminal} brings them to a terminal and keys back. Start at {@code Top}.
 */
@NullMarked
package io.millrace.server.top;

import org.jspecify.annotations.NullMarked;
