package io.millrace.nvme.pci;

import io.millrace.linux.LinuxException;
import io.millrace.linux.VfioContainer;

/** What an IOMMU is told: {@link VfioContainer}, or the memory of a test. */
interface DmaTable {
  /** As {@link VfioContainer#map}. */
  void map(long address, long iova, long bytes) throws LinuxException;

  /** As {@link VfioContainer#unmap}. */
  void unmap(long iova, long bytes) throws LinuxException;

  /** The table of a container, which stays its owner's. */
  static DmaTable of(VfioContainer container) {
    return new DmaTable() {
      @Override
      public void map(long address, long iova, long bytes) throws LinuxException {
        container.map(address, iova, bytes);
      }

      @Override
      public void unmap(long iova, long bytes) throws LinuxException {
        container.unmap(iova, bytes);
      }
    };
  }
}
