package io.millrace.virtqueue;

/**
 * Memory for one indirect descriptor table per descriptor of a ring (virtio 1.3 §2.7.5.3).
 *
 * @param hostAddress of the first table here, aligned to 16
 * @param guestAddress of the same byte for the device
 * @param entries descriptors of a table, 0 for no tables
 */
public record IndirectTables(long hostAddress, long guestAddress, int entries) {
  /** No tables: every chain is direct. */
  public static final IndirectTables NONE = new IndirectTables(0, 0, 0);

  /**
   * Memory the tables of a ring need.
   *
   * @param queueSize descriptors of the ring
   * @param entries descriptors of a table
   * @return bytes
   */
  public static long bytes(int queueSize, int entries) {
    return (long) queueSize * entries * VirtqDesc.SIZE;
  }

  long host(int head) {
    return hostAddress + bytes(head, entries);
  }

  long guest(int head) {
    return guestAddress + bytes(head, entries);
  }
}
