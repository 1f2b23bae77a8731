package io.millrace.nvme.qtest;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import java.io.IOException;
import java.util.BitSet;

/**
 * The emulated machine's main memory, mapped here and given out in pages. Nobody else uses it: the
 * machine's CPU stands still. Any thread.
 */
final class RamPages implements AutoCloseable {
  static final int PAGE_BYTES = 4096;

  /** What lies below is not all memory on a PC. */
  static final long FIRST_BYTE = 1 << 20;

  private final MachineMemory memory;
  private final Mapping mapping;
  private final int pages;
  private final BitSet taken = new BitSet();

  private RamPages(MachineMemory memory, Mapping mapping) {
    this.memory = memory;
    this.mapping = mapping;
    pages = (int) (memory.bytes() / PAGE_BYTES);
    taken.set(0, (int) (FIRST_BYTE / PAGE_BYTES));
  }

  static RamPages map(MachineMemory memory) throws IOException {
    try (FileDescriptor file = LinuxFiles.open(memory.path(), OpenFlag.READ_WRITE)) {
      return new RamPages(memory, Mapping.map(file, 0, memory.bytes(), true));
    }
  }

  /** Zeroed pages in one piece, first fit. */
  synchronized DmaMemory allocate(long bytes) throws IOException {
    long wanted = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    int first = taken.nextClearBit(0);
    int end = taken.nextSetBit(first);
    while (end >= 0 && end - first < wanted) {
      first = taken.nextClearBit(end);
      end = taken.nextSetBit(first);
    }
    if (pages - first < wanted) {
      throw new IOException(
          memory.path()
              + ": the emulated machine has no "
              + wanted * PAGE_BYTES
              + " bytes of memory left in one piece; give it more than "
              + memory.bytes()
              + " bytes with -m and size=");
    }
    return take(first, (int) wanted);
  }

  private DmaMemory take(int first, int count) {
    taken.set(first, first + count);
    long offset = (long) first * PAGE_BYTES;
    long bytes = (long) count * PAGE_BYTES;
    long address = mapping.address() + offset;
    RawMemory.fill(address, bytes, (byte) 0);
    return new DmaMemory(
        address, memory.physical() + offset, bytes, new Release(this, first, count));
  }

  /** Gives pages back, once. */
  private static final class Release implements Runnable {
    private final RamPages owner;
    private final int first;
    private final int count;
    private boolean released;

    private Release(RamPages owner, int first, int count) {
      this.owner = owner;
      this.first = first;
      this.count = count;
    }

    @Override
    public void run() {
      synchronized (owner) {
        if (!released) {
          released = true;
          owner.taken.clear(first, first + count);
        }
      }
    }
  }

  /** Unmaps: whoever uses pages still, crashes. */
  @Override
  public void close() {
    mapping.close();
  }
}
