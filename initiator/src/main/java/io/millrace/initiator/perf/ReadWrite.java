package io.millrace.initiator.perf;

import java.util.Optional;

/** fio's {@code --rw}: what a job does and where. */
public enum ReadWrite {
  /** Sequential reads. */
  READ("read", true, false, false),
  /** Sequential writes. */
  WRITE("write", false, true, false),
  /** Sequential trims (discards). */
  TRIM("trim", false, false, false),
  /** Random reads. */
  RANDREAD("randread", true, false, true),
  /** Random writes. */
  RANDWRITE("randwrite", false, true, true),
  /** Random trims (discards). */
  RANDTRIM("randtrim", false, false, true),
  /** Sequential reads and writes, mixed. */
  RW("rw", true, true, false),
  /** Random reads and writes, mixed. */
  RANDRW("randrw", true, true, true);

  private final String word;
  private final boolean reads;
  private final boolean writes;
  private final boolean random;

  ReadWrite(String word, boolean reads, boolean writes, boolean random) {
    this.word = word;
    this.reads = reads;
    this.writes = writes;
    this.random = random;
  }

  /**
   * Finds a word of fio's.
   *
   * @param word such as {@code randread}; {@code readwrite} is {@code rw}
   */
  public static Optional<ReadWrite> of(String word) {
    for (ReadWrite value : values()) {
      if (value.word.equals(word)) {
        return Optional.of(value);
      }
    }
    return word.equals("readwrite") ? Optional.of(RW) : Optional.empty();
  }

  /** fio's word. */
  public String word() {
    return word;
  }

  /** Whether it reads. */
  public boolean reads() {
    return reads;
  }

  /** Whether it writes. */
  public boolean writes() {
    return writes;
  }

  /** Whether it trims. */
  public boolean trims() {
    return !reads && !writes;
  }

  /** Whether offsets are random. */
  public boolean random() {
    return random;
  }
}
