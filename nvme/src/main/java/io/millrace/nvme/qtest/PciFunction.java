package io.millrace.nvme.qtest;

import io.millrace.nvme.pci.PciDevice;
import java.io.IOException;

/**
 * A function on the emulated machine's bus, and what a machine's firmware does for one: its base
 * address registers. Control thread.
 */
final class PciFunction {
  static final int BARS = 6;
  static final int CONFIG_BAR = 0x10;

  private static final int CONFIG_CAPABILITIES = 0x34;
  private static final int STATUS_CAPABILITIES = 1 << 20; // the list is there
  private static final int CAPABILITY_EXPRESS = 0x10;
  private static final int EXPRESS_DEVICE_CAPABILITIES = 4;
  private static final int EXPRESS_DEVICE_CONTROL = 8;
  private static final int FUNCTION_LEVEL_RESET_CAPABLE = 1 << 28;
  private static final int INITIATE_FUNCTION_LEVEL_RESET = 1 << 15;
  private static final int MOST_CAPABILITIES = 48; // 192 bytes of them, at least 4 each
  private static final int BAR_IO = 1;
  private static final int BAR_TYPE = 6;
  private static final int BAR_64 = 4;
  private static final int BAR_FLAGS = 0xf;

  private final QtestConnection connection;
  private final int bdf;
  private final AddressWindow window;
  private final long[] address = new long[BARS];
  private final long[] bytes = new long[BARS];
  private boolean inUse;

  PciFunction(QtestConnection connection, int bdf, AddressWindow window) {
    this.connection = connection;
    this.bdf = bdf;
    this.window = window;
  }

  int bdf() {
    return bdf;
  }

  /** {@code 00:04.0}. */
  String name() {
    return nameOf(bdf);
  }

  static String nameOf(int bdf) {
    return "%02x:%02x.%x".formatted(bdf >> 8, bdf >> 3 & 0x1f, bdf & 7);
  }

  int read(int offset) {
    return connection.readConfig(bdf, offset);
  }

  void write(int offset, int value) {
    connection.writeConfig(bdf, offset, value);
  }

  /** Where a base address register lies; meaningless if it has no {@link #barBytes}. */
  long barAddress(int index) {
    return address[index];
  }

  /** How much lies behind a base address register; 0 for none, or for ports. */
  long barBytes(int index) {
    return bytes[index];
  }

  /**
   * Brings it to the state after power-on, where it can (function level reset), so that it forgets
   * what an earlier user told it; then gives it its addresses, and lets it use memory.
   */
  void start() throws IOException {
    reset();
    write(PciDevice.CONFIG_COMMAND, 0);
    int index = 0;
    while (index < BARS) {
      index += sizeBar(index);
    }
    for (int i = 0; i < BARS; i++) {
      if (bytes[i] > 0) {
        placeBar(i);
      }
    }
    write(PciDevice.CONFIG_COMMAND, PciDevice.COMMAND_MEMORY | PciDevice.COMMAND_BUS_MASTER);
  }

  /** Whether somebody in this process has it. */
  boolean isInUse() {
    return inUse;
  }

  void setInUse(boolean used) {
    inUse = used;
  }

  /** Ends its DMA. */
  void stop() {
    write(PciDevice.CONFIG_COMMAND, 0);
    reset();
  }

  private void reset() {
    int express = capability(CAPABILITY_EXPRESS);
    if (express != 0
        && (read(express + EXPRESS_DEVICE_CAPABILITIES) & FUNCTION_LEVEL_RESET_CAPABLE) != 0) {
      // QEMU is done when it answers; no need for the 100 ms of a real function.
      int control = read(express + EXPRESS_DEVICE_CONTROL) & 0xffff; // status clears by ones
      write(express + EXPRESS_DEVICE_CONTROL, control | INITIATE_FUNCTION_LEVEL_RESET);
    }
  }

  private int capability(int id) {
    if ((read(PciDevice.CONFIG_COMMAND) & STATUS_CAPABILITIES) == 0) {
      return 0;
    }
    int at = read(CONFIG_CAPABILITIES) & 0xfc;
    for (int i = 0; i < MOST_CAPABILITIES && at != 0; i++) {
      int header = read(at);
      if ((header & 0xff) == id) {
        return at;
      }
      at = header >> 8 & 0xfc;
    }
    return 0;
  }

  /** Finds out how large a base address register is and takes that much; how many it occupies. */
  private int sizeBar(int index) throws IOException {
    int offset = CONFIG_BAR + index * Integer.BYTES;
    int flags = read(offset);
    if ((flags & BAR_IO) != 0) {
      return 1;
    }
    boolean wide = (flags & BAR_TYPE) == BAR_64;
    write(offset, -1);
    long mask = read(offset) & ~BAR_FLAGS;
    if (wide) {
      write(offset + Integer.BYTES, -1);
      mask =
          Integer.toUnsignedLong((int) mask) | (long) read(offset + Integer.BYTES) << Integer.SIZE;
    }
    long size = Long.lowestOneBit(mask);
    if (size != 0 && size != bytes[index]) { // the first time, or another function is there now
      address[index] = window.take(size, name() + " BAR " + index);
      bytes[index] = size;
    }
    return wide ? 2 : 1;
  }

  private void placeBar(int index) {
    int offset = CONFIG_BAR + index * Integer.BYTES;
    boolean wide = (read(offset) & BAR_TYPE) == BAR_64;
    write(offset, (int) address[index]);
    if (wide) {
      write(offset + Integer.BYTES, (int) (address[index] >>> Integer.SIZE));
    }
  }
}
