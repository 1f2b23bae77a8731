package io.millrace.nvme.pci;

import io.millrace.linux.RawMemory;

/**
 * Registers that are mapped into this process. The mapping stays its maker's.
 *
 * <p>An access to a function that the kernel has cut off faults, and the JVM says so once it comes
 * back from native code (see {@link RawMemory}): each access asks for that itself, and before it
 * for faults of others, so that neither is taken for the other. That is 10 to 20 ns beside a read
 * that takes a microsecond, and a write for a whole batch.
 */
public final class MappedRegisters extends Registers {
  private final long address;
  private final long bytes;

  /**
   * Registers at an address.
   *
   * @param address page-aligned
   * @param bytes how many are mapped there
   */
  public MappedRegisters(long address, long bytes) {
    this.address = address;
    this.bytes = bytes;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public int read32(int offset) {
    assert offset >= 0 && offset <= bytes - Integer.BYTES : offset;
    RawMemory.surfaceFault();
    try {
      int value = RawMemory.getIntAcquire(address + offset);
      RawMemory.surfaceFault();
      return value;
    } catch (InternalError _) {
      return -1;
    }
  }

  @Override
  public long read64(int offset) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    RawMemory.surfaceFault();
    try {
      long value = RawMemory.getLongAcquire(address + offset);
      RawMemory.surfaceFault();
      return value;
    } catch (InternalError _) {
      return -1;
    }
  }

  @Override
  public void write32(int offset, int value) {
    assert offset >= 0 && offset <= bytes - Integer.BYTES : offset;
    RawMemory.surfaceFault();
    try {
      RawMemory.putIntRelease(address + offset, value);
      RawMemory.surfaceFault();
    } catch (InternalError _) {
      // Nobody takes it, as with a function that was pulled out.
    }
  }

  @Override
  public void write64(int offset, long value) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    RawMemory.surfaceFault();
    try {
      RawMemory.putLongRelease(address + offset, value);
      RawMemory.surfaceFault();
    } catch (InternalError _) {
      // Nobody takes it, as with a function that was pulled out.
    }
  }
}
