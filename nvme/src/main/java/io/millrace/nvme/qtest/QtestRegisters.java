package io.millrace.nvme.qtest;

import io.millrace.nvme.pci.Registers;

/**
 * Registers of an emulated function, each access a message to QEMU: {@link #read64} one, as is
 * {@link #write64}. Writes are not waited for.
 *
 * <p>Where a function was pulled out, QEMU answers reads with 0, hence 0 is believed only if the
 * function is still there.
 */
final class QtestRegisters extends Registers {
  private final QtestPciDevice device;
  private final QtestConnection connection;
  private final long address;
  private final long bytes;

  QtestRegisters(QtestPciDevice device, QtestConnection connection, long address, long bytes) {
    this.device = device;
    this.connection = connection;
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
    if (device.isKnownGone()) {
      return -1;
    }
    int value = connection.read32(address + offset);
    return value == 0 && device.isGone() ? -1 : value;
  }

  @Override
  public long read64(int offset) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    if (device.isKnownGone()) {
      return -1;
    }
    long value = connection.read64(address + offset);
    return value == 0 && device.isGone() ? -1 : value;
  }

  @Override
  public void write32(int offset, int value) {
    assert offset >= 0 && offset <= bytes - Integer.BYTES : offset;
    if (!device.isKnownGone()) {
      connection.write32(address + offset, value);
    }
  }

  @Override
  public void write64(int offset, long value) {
    assert offset >= 0 && offset <= bytes - Long.BYTES : offset;
    if (!device.isKnownGone()) {
      connection.write64(address + offset, value);
    }
  }
}
