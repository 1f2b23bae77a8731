package io.millrace.nvme.pci;

import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import java.util.Map;
import java.util.TreeMap;

/** An IOMMU that keeps what it is told, and refuses what it is told to refuse. */
final class RecordingTable implements DmaTable {
  /** By IOVA: host address and bytes. */
  final Map<Long, DmaMappings.Memory> mapped = new TreeMap<>();

  Errno refusal = Errno.UNKNOWN; // none
  Errno unmapRefusal = Errno.UNKNOWN;

  @Override
  public void map(long address, long iova, long bytes) throws LinuxException {
    if (refusal != Errno.UNKNOWN) {
      throw new LinuxException("map for DMA " + bytes + " bytes", refusal.number());
    }
    if (mapped.put(iova, new DmaMappings.Memory(address, bytes)) != null) {
      throw new AssertionError("mapped twice: " + iova);
    }
  }

  @Override
  public void unmap(long iova, long bytes) throws LinuxException {
    if (unmapRefusal != Errno.UNKNOWN) {
      throw new LinuxException("unmap from DMA " + bytes + " bytes", unmapRefusal.number());
    }
    DmaMappings.Memory memory = mapped.remove(iova);
    if (memory == null || memory.bytes() != bytes) {
      throw new AssertionError("not mapped like that: " + iova + ", " + bytes);
    }
  }
}
