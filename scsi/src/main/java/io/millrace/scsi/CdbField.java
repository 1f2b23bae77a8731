package io.millrace.scsi;

/** A number in a CDB, big-endian; of width 0 when there is none. Immutable. */
final class CdbField {
  static final CdbField NONE = new CdbField(0, 0);

  private static final int WORDS_BITS = 2 * Long.SIZE;

  private final int at;
  private final int width;
  private final int behind; // bits, to the end of the two words that most CDBs are
  private final long mask;

  /**
   * A field.
   *
   * @param at its first byte
   * @param width in bytes: 0 to 8
   */
  CdbField(int at, int width) {
    this.at = at;
    this.width = width;
    behind = WORDS_BITS - (at + width) * Byte.SIZE;
    mask = width == Long.BYTES ? -1 : (1L << (width * Byte.SIZE)) - 1;
  }

  /** Its first byte. */
  int at() {
    return at;
  }

  /** Its bytes. */
  int width() {
    return width;
  }

  /** Its value. */
  long of(byte[] cdb) {
    return of(cdb, BigEndian.get64(cdb, 0), BigEndian.get64(cdb, Long.BYTES));
  }

  /**
   * Its value. Out of two words, looked at as they were stored: a load across both would wait until
   * the stores have left the processor.
   *
   * @param first bytes 0 to 7 of the CDB, as one number
   * @param second bytes 8 to 15
   */
  long of(byte[] cdb, long first, long second) {
    if (behind < 0) {
      return BigEndian.get(cdb, at, width);
    }
    if (behind >= Long.SIZE) {
      return (first >>> (behind - Long.SIZE)) & mask;
    }
    return ((second >>> behind) | (first << 1 << (Long.SIZE - 1 - behind))) & mask;
  }
}
