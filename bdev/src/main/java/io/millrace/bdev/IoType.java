package io.millrace.bdev;

/** What a request asks of a block device; what a bdev does of it {@link Bdev#supports} says. */
public enum IoType {
  /** Reads blocks into memory. */
  READ,
  /** Writes memory to blocks. */
  WRITE,
  /** Makes durable every write that completed before. */
  FLUSH,
  /** Deallocates blocks; what they read as afterwards is undefined. */
  UNMAP,
  /** Makes blocks read as zeroes; deallocates them only where {@link BdevIo#mayUnmap} allows it. */
  WRITE_ZEROES,
  /** Compares blocks with memory. */
  COMPARE,
  /** Writes at a zone's write pointer and reports where. */
  ZONE_APPEND;

  /** Whether it changes what the blocks hold. */
  public boolean isWrite() {
    return switch (this) {
      case WRITE, UNMAP, WRITE_ZEROES, ZONE_APPEND -> true;
      case READ, FLUSH, COMPARE -> false;
    };
  }
}
