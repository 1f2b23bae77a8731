package io.millrace.reactor;

/**
 * Leaves the rings alone for a while after a round with work: each look takes the line of the avail
 * index from the driver that is filling a batch. Where one poller is hot, {@link GapTuner} finds
 * how long; polling other hot pollers takes that time anyway, and where a poller knows what it does
 * next nobody looks. Data path, the reactor's thread.
 */
final class Gap {
  /** Spins of all hot pollers together, where there are several. */
  private static final int SHARED = 8;

  private final GapTuner tuner = new GapTuner();
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
    tuner.worked(work);
    if (skipped) {
      skipped = false;
      return 0;
    }
    int spins = work > 0 ? spins(hotCount) : 0;
    for (int i = 0; i < spins; i++) {
      Thread.onSpinWait();
    }
    return spins;
  }

  private int spins(int hotCount) {
    return hotCount > 1 ? SHARED / hotCount : tuner.spins();
  }

  /** The clock was looked at. */
  void tick(long now, int hotCount) {
    tuner.tick(now, hotCount == 1);
  }
}
