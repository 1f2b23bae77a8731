package io.millrace.bdev;

/**
 * A module that has to know the memory requests point at: to map it for a device, or to register it
 * with the kernel. Control thread.
 */
public interface MemoryListener {
  /**
   * Called before the first request points into the range.
   *
   * @param bdev whose requests will; they may end up at another that it stands on
   * @param address host address, page-aligned
   * @param bytes length, whole pages
   */
  void memoryAdded(Bdev bdev, long address, long bytes);

  /**
   * Called after the last request that pointed into the range completed, before it is unmapped. The
   * range may be unmapped as soon as this returns, and the address may be that of other memory
   * then.
   *
   * @param bdev as it was added
   * @param address as it was added
   * @param bytes as it was added
   */
  void memoryRemoved(Bdev bdev, long address, long bytes);
}
