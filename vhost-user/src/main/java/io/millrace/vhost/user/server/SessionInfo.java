package io.millrace.vhost.user.server;

/**
 * A session for {@code vhost_get_controllers}.
 *
 * @param id number of the session on its socket, from 0
 * @param name device and session
 * @param started whether some ring runs
 * @param maxQueues rings the front-end has named so far
 * @param inFlight requests in flight, approximately
 */
public record SessionInfo(int id, String name, boolean started, int maxQueues, int inFlight) {}
