/**
 * The program: command line, wiring, life cycle. Runs on the main thread until the reactors take
 * over; start reading at {@link io.millrace.server.Main}.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
