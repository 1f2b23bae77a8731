package io.millrace.bdev;

/**
 * What one request to a bdev may be; a border splits or refuses what is larger.
 *
 * @param maxTransferBytes longest read or write, a multiple of the block size
 * @param maxSegments most data segments of one request
 * @param memoryAlignment bytes; segments that start or end elsewhere are bounced, which costs a
 *     copy
 * @param optimalTransferBytes multiple that performs best, 0 when there is none
 */
public record BdevLimits(
    int maxTransferBytes, int maxSegments, int memoryAlignment, int optimalTransferBytes) {
  /**
   * Most segments any request may have: a chain of the largest virtqueue, split at region borders.
   */
  public static final int MAX_SEGMENTS = 1024;

  /** Longest transfer any request may have, in bytes. */
  public static final int MAX_TRANSFER_BYTES = 1 << 30;

  /** No limit beyond what any request has to keep. */
  public static final BdevLimits NONE = new BdevLimits(MAX_TRANSFER_BYTES, MAX_SEGMENTS, 1, 0);

  /** Refuses limits that nothing could keep. */
  public BdevLimits {
    if (maxTransferBytes < 512
        || maxTransferBytes > MAX_TRANSFER_BYTES
        || maxSegments < 1
        || maxSegments > MAX_SEGMENTS
        || Integer.bitCount(memoryAlignment) != 1
        || optimalTransferBytes < 0) {
      throw new IllegalArgumentException("impossible limits");
    }
  }
}
