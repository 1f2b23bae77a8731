package io.millrace.reactor;

/**
 * Picks a few of many like things, to be measured where a look at the clock costs more than the
 * thing. The gaps are random, so that no pattern of what comes fits them.
 *
 * <p>Data-path code, one thread.
 */
public final class Sampler {
  private final int gapBits;
  private long random = 1;
  private int gap;

  /**
   * Picks the first.
   *
   * @param gapBits so many bits has the number of those that are left out before the next: for 6
   *     one in 32 is picked
   */
  public Sampler(int gapBits) {
    this.gapBits = gapBits;
  }

  /** Whether the next one is picked. */
  public boolean picks() {
    if (--gap >= 0) {
      return false;
    }
    random = random * 6364136223846793005L + 1442695040888963407L; // Knuth's MMIX
    gap = (int) (random >>> (Long.SIZE - gapBits));
    return true;
  }
}
