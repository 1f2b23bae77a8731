package io.millrace.initiator.perf;

/**
 * A number of bytes, or a part of the disk.
 *
 * @param value bytes, or percent from 0 to 100
 * @param percent which of the two
 */
public record Amount(long value, boolean percent) {
  /** Nothing, or what an option means when it is not given. */
  public static final Amount ZERO = bytes(0);

  /** So many bytes. */
  public static Amount bytes(long bytes) {
    return new Amount(bytes, false);
  }

  /** Whether it is nothing. */
  public boolean isZero() {
    return value == 0;
  }

  /** In bytes, of a disk that has so many. */
  long of(long diskBytes) {
    // In two parts, so that the product of the largest disk does not overflow.
    return percent ? diskBytes / 100 * value + diskBytes % 100 * value / 100 : value;
  }

  /** As fio writes it. */
  @Override
  public String toString() {
    return percent ? value + "%" : Long.toString(value);
  }
}
