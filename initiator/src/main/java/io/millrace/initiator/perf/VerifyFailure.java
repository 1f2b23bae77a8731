package io.millrace.initiator.perf;

/**
 * A block that does not hold what was written.
 *
 * @param offsetBytes where on the disk
 * @param lengthBytes of the block
 * @param damage what kind of wrong
 * @param detail the rest of the line, as in {@code is stale: ...}
 */
public record VerifyFailure(long offsetBytes, int lengthBytes, Damage damage, String detail) {
  /** Ways in which a block can be wrong. */
  public enum Damage {
    /** Some bits differ. */
    CORRUPT,
    /** It holds what was written elsewhere. */
    MISPLACED,
    /** It holds an older write: the newer one was lost. */
    STALE,
    /** It holds a part of one write and a part of another. */
    TORN,
    /** It holds a write that this run knows nothing of. */
    NEWER,
    /** It holds no pattern: zeroes, or something else. */
    NO_PATTERN,
    /** The device answered a read and left the memory as it was. */
    UNFILLED
  }

  /** One line: where, and what is wrong. */
  @Override
  public String toString() {
    return "block at offset %d (%d bytes) %s".formatted(offsetBytes, lengthBytes, detail);
  }
}
