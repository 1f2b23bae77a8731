package io.millrace.reactor;

/**
 * Work put off to the end of a reactor's round, so that a whole batch shares its cost: one
 * used-ring publication and one notification, one {@code io_uring_enter}.
 */
@FunctionalInterface
public interface Deferred {
  /**
   * Runs on the reactor's thread, after all pollers of the round in which it was asked for ({@link
   * Deferral}). May ask again: that runs in the same round.
   */
  void endOfRound();
}
