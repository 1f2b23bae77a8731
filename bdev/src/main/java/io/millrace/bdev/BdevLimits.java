package io.millrace.bdev;

/**
 * What one request to a bdev may be; a border splits or refuses what is larger.
 *
 * @param maxTransferBytes longest read or write, a multiple of the block size
 * @param maxSegments most data segments of one request
 * @param memoryAlignment bytes; segments that start or end elsewhere are bounced, which costs a
 *     copy
 * @param optimalTransferBytes multiple that performs best, 0 when there is none
 * @param maxUnmapBytes longest UNMAP or WRITE_ZEROES, a multiple of the block size
 * @param unmapGranularity bytes that storage is given back by, at offsets that are multiples of it;
 *     0 when an UNMAP gives none back
 * @param turnBytes longest read or write that leaves a reactor to its other users soon enough; a
 *     border does longer ones in parts, and lets the others have a turn in between
 */
public record BdevLimits(
    int maxTransferBytes,
    int maxSegments,
    int memoryAlignment,
    int optimalTransferBytes,
    int maxUnmapBytes,
    int unmapGranularity,
    int turnBytes) {
  /**
   * Most segments any request may have: a chain of the largest virtqueue, split at region borders.
   */
  public static final int MAX_SEGMENTS = 1024;

  /** Longest transfer any request may have, in bytes; no border asks for a longer UNMAP either. */
  public static final int MAX_TRANSFER_BYTES = 1 << 30;

  /** No limit beyond what any request has to keep; an UNMAP gives no storage back. */
  public static final BdevLimits NONE = new BdevLimits(MAX_TRANSFER_BYTES, MAX_SEGMENTS, 1, 0);

  /** Refuses limits that nothing could keep. */
  public BdevLimits {
    if (maxTransferBytes < 512
        || maxTransferBytes > MAX_TRANSFER_BYTES
        || maxSegments < 1
        || maxSegments > MAX_SEGMENTS
        || Integer.bitCount(memoryAlignment) != 1
        || optimalTransferBytes < 0
        || maxUnmapBytes < 512
        || maxUnmapBytes > MAX_TRANSFER_BYTES
        || unmapGranularity < 0
        || turnBytes < 1 << 16) {
      throw new IllegalArgumentException("impossible limits");
    }
  }

  /** Limits of transfers only: an UNMAP may be of any length, and gives no storage back. */
  public BdevLimits(
      int maxTransferBytes, int maxSegments, int memoryAlignment, int optimalTransferBytes) {
    this(
        maxTransferBytes,
        maxSegments,
        memoryAlignment,
        optimalTransferBytes,
        MAX_TRANSFER_BYTES,
        0,
        MAX_TRANSFER_BYTES);
  }

  /** The same with other limits of UNMAP and WRITE_ZEROES. */
  public BdevLimits withUnmap(int maxBytes, int granularity) {
    return new BdevLimits(
        maxTransferBytes,
        maxSegments,
        memoryAlignment,
        optimalTransferBytes,
        maxBytes,
        granularity,
        turnBytes);
  }

  /** The same for a module that copies: so many bytes before others have their turn. */
  public BdevLimits withTurn(int bytes) {
    return new BdevLimits(
        maxTransferBytes,
        maxSegments,
        memoryAlignment,
        optimalTransferBytes,
        maxUnmapBytes,
        unmapGranularity,
        bytes);
  }
}
