package io.millrace.nvme.pci;

import io.millrace.linux.RawMemory;

/** Registers that are mapped into this process. The mapping stays its maker's. */
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
    return RawMemory.getIntAcquire(address + offset);
  }

  @Override
  public long read64(int offset) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    return RawMemory.getLongAcquire(address + offset);
  }

  @Override
  public void write32(int offset, int value) {
    assert offset >= 0 && offset <= bytes - Integer.BYTES : offset;
    RawMemory.putIntRelease(address + offset, value);
  }

  @Override
  public void write64(int offset, long value) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    RawMemory.putLongRelease(address + offset, value);
  }
}
