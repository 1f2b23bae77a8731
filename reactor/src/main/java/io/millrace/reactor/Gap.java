package io.millrace.reactor;

/**
 * Leaves the rings alone for 200 to 300 ns after a round with work: each look takes the line of the
 * avail index from the driver that is filling a batch. Polling other hot pollers takes that time
 * anyway, and where a poller knows what it does next nobody looks. Data path, the reactor's thread.
 */
final class Gap {
  // Spins of about 27 ns, after one request and after several. A driver that had one may have the
  // next one there by then; to find that late costs it more than the look would.
  private static final int AFTER_ONE = 8;
  private static final int AFTER_SEVERAL = 12;

  private boolean skipped;

  /** There is none after this round. */
  void skip() {
    skipped = true;
  }

  /**
   * A round is over.
   *
   * @param work that it did
   * @param hotCount pollers that are polled in each
   * @return spins that were made
   */
  int after(int work, int hotCount) {
    if (skipped) {
      skipped = false;
      return 0;
    }
    int wanted = work > 1 ? AFTER_SEVERAL : AFTER_ONE;
    int spins = work > 0 ? wanted / Math.max(1, hotCount) : 0;
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
    return spins;
  }
}
