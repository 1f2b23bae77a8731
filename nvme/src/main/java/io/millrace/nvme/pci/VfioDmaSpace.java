package io.millrace.nvme.pci;

import io.millrace.linux.Mapping;
import io.millrace.nvme.pci.DmaMappings.Memory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One device's part of {@link DmaMappings}: it gives back what the device leaves behind. */
final class VfioDmaSpace implements DmaSpace {
  private static final Logger LOG = LoggerFactory.getLogger(VfioDmaSpace.class);
  private static final long HUGE_PAGE = 1L << 21;

  private final String device;
  private final DmaMappings mappings;
  private final List<Memory> mapped = new ArrayList<>(); // as often as it was mapped
  private final Set<Mapping> allocated = new HashSet<>();

  VfioDmaSpace(String device, DmaMappings mappings) {
    this.device = device;
    this.mappings = mappings;
  }

  @Override
  public long map(long address, long bytes) {
    assert ((address | bytes) & (IovaAllocator.PAGE - 1)) == 0 : address + ", " + bytes;
    try {
      return map(new Memory(address, bytes));
    } catch (IOException e) {
      LOG.warn("{}: {}; data goes by way of a copy", device, e.getMessage());
      return NOT_REACHABLE;
    }
  }

  private long map(Memory memory) throws IOException {
    long iova = mappings.map(memory);
    mapped.add(memory);
    return iova;
  }

  @Override
  public void unmap(long address, long bytes) {
    Memory memory = new Memory(address, bytes);
    if (!mapped.remove(memory)) {
      throw new IllegalStateException(device + " does not reach " + memory);
    }
    mappings.unmap(memory);
  }

  @Override
  public DmaMemory allocate(long bytes) throws IOException {
    long whole = (bytes + IovaAllocator.PAGE - 1) & -IovaAllocator.PAGE;
    Mapping memory = Mapping.anonymous(whole, whole >= HUGE_PAGE);
    try {
      long iova = map(new Memory(memory.address(), whole));
      allocated.add(memory);
      return new DmaMemory(memory.address(), iova, whole, () -> release(memory));
    } catch (IOException e) {
      memory.close();
      throw new IOException(device + ": " + e.getMessage(), e);
    }
  }

  /** Does nothing after {@link #close}, which has released it already. */
  private void release(Mapping memory) {
    if (allocated.remove(memory)) {
      unmap(memory.address(), memory.size());
      memory.close();
    }
  }

  /** The device does no more DMA: takes everything away from it. Later calls do nothing. */
  void close() {
    mapped.forEach(mappings::unmap);
    mapped.clear();
    allocated.forEach(Mapping::close);
    allocated.clear();
  }
}
