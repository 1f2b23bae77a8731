/**
 * Metrics for Prometheus, over HTTP: {@code serve --metrics}.
 *
 * <p>Start at {@code MetricsServer}. A scrape is answered on a thread of the HTTP server's: it has
 * the control thread call the same methods that clients of JSON-RPC call ({@code MetricsSource}),
 * and writes their results as text ({@code MetricsPage}). The reactors that serve disks are not
 * asked for anything. Nothing here is loaded by a server without {@code --metrics}.
 */
@NullMarked
package io.millrace.server.metrics;

import org.jspecify.annotations.NullMarked;
