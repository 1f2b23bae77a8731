package io.millrace.reactor;

/**
 * When a reactor looks at what is no poller: its clock, alarms, and now and then messages and
 * descriptors ({@link MessagePace}). That takes up to 400 ns, and so does not come with each round.
 * Data-path code.
 */
final class TickPace {
  /** A tick comes after this much weight, so that its cost vanishes. */
  static final int WEIGHT = 256;

  /** Of a piece of work; a round has 1. Long rounds would keep messages waiting. */
  static final int WORK_WEIGHT = 2;

  /**
   * So much later it comes, if need be, after a round with work: the other side has its turn then,
   * and what a tick takes is not added to the time of the request that it sends next.
   */
  static final int PATIENCE = 64;

  private TickPace() {}

  /**
   * Whether a tick is due.
   *
   * @param rounds since the last one
   * @param work pieces that were done in them
   * @param worked whether the last round did any
   */
  static boolean isDue(int rounds, int work, boolean worked) {
    return rounds + work * WORK_WEIGHT >= (worked ? WEIGHT : WEIGHT + PATIENCE);
  }
}
