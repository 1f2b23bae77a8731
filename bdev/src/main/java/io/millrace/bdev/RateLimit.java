package io.millrace.bdev;

/**
 * What of a bdev's work can be limited. Read bytes and write bytes have limits of their own, and
 * one together.
 *
 * <p>Whatever has the medium work is charged: a transfer by its bytes, and so are zeroes that have
 * to stay allocated; everything but a flush is an operation, and a transfer that is done in parts
 * is one. Blocks that are given back move no data, so they cost one operation and no bytes.
 */
public enum RateLimit {
  /** Operations. */
  RW_IOS("rw_ios_per_sec", 1, 1_000_000_000L),
  /** Bytes read and written. */
  RW_BYTES("rw_mbytes_per_sec", 1 << 20, RateLimit.MAX_MEBIBYTES),
  /** Bytes read. */
  READ_BYTES("r_mbytes_per_sec", 1 << 20, RateLimit.MAX_MEBIBYTES),
  /** Bytes written. */
  WRITE_BYTES("w_mbytes_per_sec", 1 << 20, RateLimit.MAX_MEBIBYTES);

  private static final long MAX_MEBIBYTES = 1 << 16;

  private final String spdkName;
  private final long unit;
  private final long max;

  RateLimit(String spdkName, long unit, long max) {
    this.spdkName = spdkName;
    this.unit = unit;
    this.max = max;
  }

  /** Its name in {@code bdev_set_qos_limit}. */
  public String spdkName() {
    return spdkName;
  }

  /** The highest limit, in units of {@link #spdkName()}; what is faster is not limited. */
  public long max() {
    return max;
  }

  /** What one of a limit's units is: an operation, or so many bytes. */
  long unit() {
    return unit;
  }

  /** What a request costs, in operations or bytes. Data path. */
  long cost(BdevIo io) {
    return switch (this) {
      case RW_IOS -> io.isFurtherPart() || io.type() == IoType.FLUSH ? 0 : 1;
      case RW_BYTES -> bytes(io);
      case READ_BYTES -> io.type().isWrite() ? 0 : bytes(io);
      case WRITE_BYTES -> io.type().isWrite() ? bytes(io) : 0;
    };
  }

  private static long bytes(BdevIo io) {
    return switch (io.type()) {
      case READ, WRITE, COMPARE, ZONE_APPEND -> io.lengthBytes();
      // Of any length, and not to keep a disk from its users for days.
      case WRITE_ZEROES ->
          io.mayUnmap() ? 0 : Math.min(io.lengthBytes(), BdevLimits.MAX_TRANSFER_BYTES);
      case UNMAP, FLUSH -> 0;
    };
  }
}
