package io.millrace.nvme.qtest;

import io.millrace.nvme.pci.PciDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The functions of the emulated machine. No firmware ran there, so the bridges get their bus
 * numbers and address windows here. Control thread.
 */
final class PciBuses {
  private static final long FIRST_ADDRESS = 0xe000_0000L;
  private static final long ADDRESS_BYTES = 0x1e00_0000L; // up to the interrupt controllers
  private static final long BRIDGE_BYTES = 16 << 20; // a multiple of 1 MiB, the unit of a window
  private static final int MOST_BUSES = 64;
  private static final int DEVICES = 32;
  private static final int FUNCTIONS = 8;
  private static final int CONFIG_HEADER_TYPE = 0x0c; // in bits 16–23
  private static final int HEADER_BRIDGE = 1;
  private static final int HEADER_MANY_FUNCTIONS = 0x80;
  private static final int CONFIG_BUS_NUMBERS = 0x18;
  private static final int CONFIG_MEMORY_WINDOW = 0x20;
  private static final int CONFIG_PREFETCHABLE_WINDOW = 0x24;
  private static final int NO_WINDOW = 0x0000_fff0; // base above limit
  private static final int CLASS_SHIFT = 8;

  private record Bus(int number, AddressWindow window) {}

  private final QtestConnection connection;
  private final Bus root = new Bus(0, new AddressWindow(FIRST_ADDRESS, ADDRESS_BYTES));
  private final Map<Integer, Bus> behindBridge = new TreeMap<>(); // by the bridge's bdf
  private final Map<Integer, PciFunction> functions = new TreeMap<>(); // by bdf
  private int lastBus;

  PciBuses(QtestConnection connection) {
    this.connection = connection;
  }

  /** Looks for what was plugged in or pulled out since the last time. */
  void scan() throws IOException {
    functions.values().removeIf(function -> function.read(PciDevice.CONFIG_ID) == -1);
    scan(root);
  }

  /** Every function that is no bridge, by address. */
  List<PciFunction> functions() {
    return new ArrayList<>(functions.values());
  }

  /** Base class, subclass and interface, as in {@code 010802}. */
  static int classOf(PciFunction function) {
    return function.read(PciDevice.CONFIG_CLASS) >>> CLASS_SHIFT;
  }

  private void scan(Bus bus) throws IOException {
    for (int device = 0; device < DEVICES; device++) {
      int bdf = bus.number << 8 | device << 3;
      if (connection.readConfig(bdf, PciDevice.CONFIG_ID) == -1) {
        continue;
      }
      int count = (headerType(bdf) & HEADER_MANY_FUNCTIONS) == 0 ? 1 : FUNCTIONS;
      for (int function = 0; function < count; function++) {
        if (connection.readConfig(bdf + function, PciDevice.CONFIG_ID) != -1) {
          found(bus, bdf + function);
        }
      }
    }
  }

  private void found(Bus bus, int bdf) throws IOException {
    if ((headerType(bdf) & ~HEADER_MANY_FUNCTIONS) != HEADER_BRIDGE) {
      functions.computeIfAbsent(bdf, key -> new PciFunction(connection, key, bus.window));
      return;
    }
    Bus behind = behindBridge.get(bdf);
    if (behind == null) {
      if (lastBus == MOST_BUSES) {
        throw new IOException("more than " + MOST_BUSES + " PCI buses; use fewer root ports");
      }
      behind = openBridge(bus, bdf);
      behindBridge.put(bdf, behind);
    }
    scan(behind);
    busNumbers(bus, bdf, behind, lastBus); // known only now
  }

  private Bus openBridge(Bus bus, int bdf) throws IOException {
    Bus behind = new Bus(++lastBus, windowBehind(bus, bdf));
    busNumbers(bus, bdf, behind, 0xff);
    connection.writeConfig(
        bdf, PciDevice.CONFIG_COMMAND, PciDevice.COMMAND_MEMORY | PciDevice.COMMAND_BUS_MASTER);
    return behind;
  }

  private AddressWindow windowBehind(Bus bus, int bdf) throws IOException {
    long start = bus.window.take(BRIDGE_BYTES, PciFunction.nameOf(bdf));
    int base = (int) (start >>> 16) & 0xfff0;
    int limit = (int) ((start + BRIDGE_BYTES - 1) >>> 16) & 0xfff0;
    connection.writeConfig(bdf, CONFIG_MEMORY_WINDOW, limit << 16 | base);
    connection.writeConfig(bdf, CONFIG_PREFETCHABLE_WINDOW, NO_WINDOW);
    return new AddressWindow(start, BRIDGE_BYTES);
  }

  private void busNumbers(Bus bus, int bdf, Bus behind, int last) {
    int numbers = last << 16 | behind.number << 8 | bus.number;
    connection.writeConfig(bdf, CONFIG_BUS_NUMBERS, numbers);
  }

  private int headerType(int bdf) {
    return connection.readConfig(bdf, CONFIG_HEADER_TYPE) >>> 16 & 0xff;
  }
}
