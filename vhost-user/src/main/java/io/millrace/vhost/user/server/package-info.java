/**
 * The back-end's side of vhost-user: sockets, sessions, and the queues they start.
 *
 * <p>A {@link io.millrace.vhost.user.server.VhostServer} listens for one {@link
 * io.millrace.vhost.user.server.VhostDevice}; each front-end that connects gets a {@code Session},
 * which runs on the control reactor and handles one message at a time. A ring that the front-end
 * started and enabled becomes a {@code VringWorker} on the device's reactor for that queue; session
 * and worker talk by messages only. Start reading at {@code VhostDevice} and {@link
 * io.millrace.vhost.user.server.QueueHandler}, which a device implements.
 */
@NullMarked
package io.millrace.vhost.user.server;

import org.jspecify.annotations.NullMarked;
