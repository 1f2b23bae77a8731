package io.millrace.vhost.user.server;

import java.util.List;

/**
 * Says which rings are to run elsewhere. Asked at intervals by {@link RingBalancer}, on the control
 * thread; may remember what it saw, and is one balancer's then.
 */
public interface RingPlacement {
  /**
   * What one ring did in the interval.
   *
   * @param reactor where it runs, as an index of the loads
   * @param reactors where it may run
   * @param load its share of its reactor's time, 0 to 1
   * @param restedNanos since it was moved last, or was to be and stayed; a large number if never
   */
  record RingLoad(int reactor, List<Integer> reactors, double load, long restedNanos) {}

  /**
   * A ring to move.
   *
   * @param ring index of the rings
   * @param reactor where to, an index of the loads
   */
  record Move(int ring, int reactor) {}

  /**
   * An interval is over.
   *
   * @param reactors the share of its time that each reactor worked, 0 to 1
   * @param rings all that run
   * @return what to move; few at once, as the next interval shows what came of it
   */
  List<Move> place(List<Double> reactors, List<RingLoad> rings);
}
