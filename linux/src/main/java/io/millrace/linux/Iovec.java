package io.millrace.linux;

/**
 * Layout of {@code struct iovec}: one buffer of a vectored read or write. The address is the
 * object.
 */
public final class Iovec {
  /** Bytes of one. */
  public static final int BYTES = 16;

  static final int BASE = 0;
  static final int LENGTH = 8;

  private Iovec() {}

  /**
   * Makes the structure at {@code iovec} name {@code length} bytes from {@code base} on; allocates
   * nothing.
   */
  public static void set(long iovec, long base, long length) {
    RawMemory.putLong(iovec + BASE, base);
    RawMemory.putLong(iovec + LENGTH, length);
  }

  /** Where the buffer starts. */
  public static long base(long iovec) {
    return RawMemory.getLong(iovec + BASE);
  }

  /** How many bytes it has. */
  public static long length(long iovec) {
    return RawMemory.getLong(iovec + LENGTH);
  }
}
