package io.millrace.reactor;

/**
 * Picks about one in 32 of many like things, to be measured where a look at the clock costs more
 * than the thing. The gaps are random, 0 to 63, so that no pattern of what comes fits them.
 *
 * <p>Data-path code, one thread.
 */
public final class Sampler {
  private static final int GAP_BITS = 6;

  private long random = 1;
  private int gap;

  /** Picks the first. */
  public Sampler() {}

  /** Whether the next one is picked. */
  public boolean picks() {
    if (--gap >= 0) {
      return false;
    }
    random = random * 6364136223846793005L + 1442695040888963407L; // Knuth's MMIX
    gap = (int) (random >>> (Long.SIZE - GAP_BITS));
    return true;
  }
}
