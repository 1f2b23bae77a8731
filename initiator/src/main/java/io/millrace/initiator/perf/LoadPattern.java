package io.millrace.initiator.perf;

/**
 * The order in which a job works on its blocks: passes over all of them, each the same whenever it
 * is begun with the same number, so that what a pass wrote can be found again. Data path.
 *
 * <p>A random pass meets each block once, as fio's with its random map, by a permutation in place
 * of a map: an odd product and a folding shift are both bijections of k-bit numbers, and what falls
 * beyond the last block is skipped.
 */
final class LoadPattern {
  private static final long ODD_1 = 0x9E3779B97F4A7C15L;
  private static final long ODD_2 = 0xBF58476D1CE4E5B9L;
  private static final long ODD_3 = 0x94D049BB133111EBL;

  private final ReadWrite rw;
  private final long blocks;
  private final int readPercent;
  private final boolean map;
  private final long seed;
  private final long mask; // of the permuted numbers
  private final int fold;
  private final boolean mixed;
  private final Direction only; // when not mixed

  private long pass;
  private long index; // requests given in this pass
  private long counter;
  private long offset; // of the permutation
  private long state; // of the generator
  private long nextRead;
  private long nextWrite;
  private Direction direction;
  private long block;

  /**
   * A pattern, before its first pass.
   *
   * @param blocks how many there are, 1 or more
   * @param readPercent share of reads where both are done
   * @param map whether a random pass meets each block once
   * @param seed of the random numbers, not 0
   */
  LoadPattern(ReadWrite rw, long blocks, int readPercent, boolean map, long seed) {
    this.rw = rw;
    this.blocks = blocks;
    this.readPercent = readPercent;
    this.map = map;
    this.seed = seed;
    int bits = Math.max(2, Long.SIZE - Long.numberOfLeadingZeros(blocks - 1));
    mask = -1L >>> (Long.SIZE - bits);
    fold = (bits + 1) / 2;
    mixed = rw.reads() && rw.writes();
    only = rw.reads() ? Direction.READ : rw.writes() ? Direction.WRITE : Direction.TRIM;
    direction = only;
    begin(0);
  }

  /** Begins a pass, from its first request. */
  void begin(long number) {
    pass = number;
    index = 0;
    counter = 0;
    nextRead = 0;
    nextWrite = 0;
    long mix = (seed + number * ODD_1) * ODD_2;
    offset = mix ^ mix >>> 31;
    state = offset == 0 ? seed : offset;
  }

  /** Goes to the next request; after the last of a pass, to the first of the next one. */
  void next() {
    if (index == blocks) {
      begin(pass + 1);
    }
    index++;
    direction = mixed ? mixedDirection() : only;
    block = rw.random() ? randomBlock() : sequentialBlock();
  }

  /** Number of the pass. */
  long pass() {
    return pass;
  }

  /** Place of the present request in its pass, from 0. */
  long index() {
    return index - 1;
  }

  /** What the present request does. */
  Direction direction() {
    return direction;
  }

  /** Where, in blocks from the start. */
  long block() {
    return block;
  }

  private Direction mixedDirection() {
    return Math.unsignedMultiplyHigh(random(), 100) < readPercent
        ? Direction.READ
        : Direction.WRITE;
  }

  private long randomBlock() {
    if (!map) {
      return Math.unsignedMultiplyHigh(random(), blocks);
    }
    long candidate;
    do {
      candidate = permuted(counter++);
    } while (candidate >= blocks);
    return candidate;
  }

  private long permuted(long number) {
    long x = number * ODD_1 + offset & mask;
    x ^= x >>> fold;
    x = x * ODD_2 & mask;
    x ^= x >>> fold;
    x = x * ODD_3 & mask;
    return x ^ x >>> fold;
  }

  private long sequentialBlock() {
    boolean read = direction == Direction.READ;
    long present = read ? nextRead : nextWrite;
    long next = present + 1 == blocks ? 0 : present + 1;
    if (read) {
      nextRead = next;
    } else {
      nextWrite = next;
    }
    return present;
  }

  /** xorshift64*: three shifts and a product, no state but one word. */
  private long random() {
    state ^= state >>> 12;
    state ^= state << 25;
    state ^= state >>> 27;
    return state * 0x2545F4914F6CDD1DL;
  }
}
