package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import java.util.BitSet;
import java.util.List;

/**
 * Where the queues of a controller run.
 *
 * @param cores of the mask, those that this process polls on
 * @param reactors of these cores, at least one
 * @param first of the reactors, for the first queue; the next queue goes to the next
 */
public record Placement(BitSet cores, List<Reactor> reactors, int first) {
  /** The reactor for a queue, counted from 0. */
  public Reactor reactor(int queue) {
    return reactors.get((first + queue) % reactors.size());
  }
}
