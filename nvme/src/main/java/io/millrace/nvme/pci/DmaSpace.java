package io.millrace.nvme.pci;

import java.io.IOException;

/**
 * The memory that a device reaches by DMA, at addresses of its own (IOVA). Control thread; may wait
 * for the kernel.
 */
public interface DmaSpace {
  /** Answer of {@link #map}: the device cannot reach that memory. Data goes by way of a copy. */
  long NOT_REACHABLE = -1;

  /**
   * Lets the device reach memory of this process.
   *
   * @param address host address, page-aligned
   * @param bytes whole pages; mapped as one piece
   * @return IOVA of the first byte, the others follow; or {@link #NOT_REACHABLE}, with a line in
   *     the log that says why
   */
  long map(long address, long bytes);

  /**
   * The device no longer reaches memory that it does; none of its requests points there.
   *
   * @param address as it was mapped
   * @param bytes as it was mapped
   */
  void unmap(long address, long bytes);

  /**
   * Zeroed memory for queues, lists and copies that the device reaches.
   *
   * @param bytes rounded up to whole pages
   * @throws IOException there is none; says why
   */
  DmaMemory allocate(long bytes) throws IOException;
}
