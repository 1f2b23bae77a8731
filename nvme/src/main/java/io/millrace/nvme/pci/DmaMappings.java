package io.millrace.nvme.pci;

import io.millrace.linux.IovaRange;
import io.millrace.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory that the devices of one VFIO container reach. Several of them that are given the same
 * memory share one mapping: pages are pinned, and counted against what may be locked, once. Control
 * thread.
 */
final class DmaMappings {
  private static final Logger LOG = LoggerFactory.getLogger(DmaMappings.class);
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final String MEMLOCK = "Max locked memory";

  /**
   * Memory of this process.
   *
   * @param address of its first byte
   * @param bytes its length
   */
  record Memory(long address, long bytes) {}

  private static final class Shared {
    final long iova;
    int users = 1;

    Shared(long iova) {
      this.iova = iova;
    }
  }

  private final DmaTable table;
  private final IovaAllocator addresses;
  private final Map<Memory, Shared> mapped = new HashMap<>();

  DmaMappings(DmaTable table, List<IovaRange> ranges) {
    this.table = table;
    this.addresses = new IovaAllocator(ranges);
  }

  /** Devices came that translate these ranges only. */
  void restrict(List<IovaRange> ranges) {
    addresses.restrict(ranges);
  }

  /**
   * Maps memory, or counts one more user of it.
   *
   * @return IOVA of the first byte
   * @throws IOException it cannot be; says why, and what to do
   */
  long map(Memory memory) throws IOException {
    Shared shared = mapped.get(memory);
    if (shared != null) {
      shared.users++;
      return shared.iova;
    }
    long bytes = memory.bytes();
    long iova = addresses.allocate(memory.address(), bytes);
    if (iova == IovaAllocator.NONE) {
      throw new IOException(
          bytes + " bytes do not fit into the addresses that the IOMMU translates");
    }
    try {
      table.map(memory.address(), iova, bytes);
    } catch (LinuxException e) {
      addresses.free(iova, bytes);
      throw new IOException(explain(e, bytes), e);
    }
    mapped.put(memory, new Shared(iova));
    return iova;
  }

  private static String explain(LinuxException e, long bytes) {
    return switch (e.errno()) {
      case ENOMEM ->
          "%d bytes cannot be locked in memory; this process may lock %s: raise ulimit -l, or LimitMEMLOCK= of its systemd unit"
              .formatted(bytes, lockLimit());
      case ENOSPC ->
          "too many pieces of memory are mapped for DMA; raise dma_entry_limit of module vfio_iommu_type1";
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }

  private static String lockLimit() {
    try {
      for (String line : Files.readAllLines(LIMITS)) {
        if (line.startsWith(MEMLOCK)) {
          String soft = line.substring(MEMLOCK.length()).strip().split("\\s+", 2)[0];
          return soft.equals("unlimited") ? "any amount" : soft + " bytes";
        }
      }
    } catch (IOException e) {
      LOG.debug("no limits", e);
    }
    return "less";
  }

  /** One user less; the last one takes the mapping with it. */
  void unmap(Memory memory) {
    Shared shared = mapped.get(memory);
    if (shared == null) {
      throw new IllegalStateException("not mapped: " + memory);
    }
    shared.users--;
    if (shared.users > 0) {
      return;
    }
    mapped.remove(memory);
    try {
      table.unmap(shared.iova, memory.bytes());
      addresses.free(shared.iova, memory.bytes());
    } catch (LinuxException e) {
      // Its addresses are not used again: a device could reach that memory under a new name.
      LOG.warn("{}; its addresses stay taken", e.getMessage());
    }
  }
}
