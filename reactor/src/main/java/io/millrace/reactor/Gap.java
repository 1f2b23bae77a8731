package io.millrace.reactor;

/**
 * Leaves the rings alone for about 200 ns after a round with work: each look takes the line of the
 * avail index from the driver that is filling a batch. Polling other hot pollers takes that time
 * anyway, and where a poller knows what it does next nobody looks. Data path, the reactor's thread.
 */
final class Gap {
  private static final int SPINS = 8; // of about 27 ns

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
    int spins = work > 0 ? SPINS / Math.max(1, hotCount) : 0;
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
    return spins;
  }
}
