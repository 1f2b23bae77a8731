/**
 * The program: command line, wiring, life cycle.
 *
 * <p>Start at {@code Main}; {@code ServeCommand} is the server, {@code Target} what it consists of.
 * The main thread reads the command line, opens images and sockets, starts the reactors and then
 * waits for a signal; bdevs, controllers and JSON-RPC belong to the control reactor.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
