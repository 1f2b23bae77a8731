package io.millrace.nvme.pci;

/**
 * Memory that a device reaches, page-aligned on both sides.
 *
 * @param address host address
 * @param iova the device's address of the same byte
 * @param bytes length
 * @param release gives it back; the device uses it no more
 */
public record DmaMemory(long address, long iova, long bytes, Runnable release)
    implements AutoCloseable {
  @Override
  public void close() {
    release.run();
  }
}
