package io.millrace.live.migration;

/**
 * The in-flight region of a device ("Inflight I/O tracking" in vhost-user.rst): a part for each
 * queue, one behind the other. What the specification leaves open is as QEMU and DPDK have it.
 */
public final class InflightRegion {
  private static final int ALIGNMENT = 64; // of each queue's part

  private InflightRegion() {}

  /**
   * Bytes from the begin of one queue's part to the next one's.
   *
   * @param size descriptors of the queue
   */
  public static long queueBytes(boolean packed, int size) {
    long bytes = packed ? PackedInflight.bytes(size) : SplitInflight.bytes(size);
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Bytes of the region of all queues, each of the same size. */
  public static long bytes(boolean packed, int queues, int size) {
    return queues * queueBytes(packed, size);
  }
}
