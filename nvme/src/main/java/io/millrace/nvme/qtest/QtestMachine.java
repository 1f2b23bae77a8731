package io.millrace.nvme.qtest;

import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A machine that QEMU emulates and whose CPU stands still, reached by two sockets in a directory.
 * {@link QtestPciDevice#open} says how QEMU is started.
 *
 * <p>The qtest socket takes one client: devices of one machine share this object, which counts
 * them. Control thread; the accesses of {@link #connection} any thread.
 */
final class QtestMachine implements AutoCloseable {
  static final String QTEST_SOCKET = "qtest.sock";
  static final String QMP_SOCKET = "qmp.sock";

  private static final Logger LOG = LoggerFactory.getLogger(QtestMachine.class);
  private static final Map<Path, QtestMachine> OPEN = new HashMap<>();

  private final Path directory;
  private final QtestConnection connection;
  private final PciBuses buses;
  private final RamPages ram;
  private List<MachineMemory> memory;
  private int users;

  private QtestMachine(
      Path directory, QtestConnection connection, List<MachineMemory> memory, RamPages ram) {
    this.directory = directory;
    this.connection = connection;
    this.memory = memory;
    this.ram = ram;
    buses = new PciBuses(connection);
  }

  /**
   * The machine of a directory, connected to if it is not yet. Every success is paired with a
   * {@link #close}.
   *
   * @throws IOException nobody answers there, or the machine's memory is not as it must be; says
   *     what to do
   */
  static QtestMachine open(Path directory) throws IOException {
    synchronized (OPEN) {
      Path key = directory.toRealPath();
      QtestMachine machine = OPEN.get(key);
      if (machine == null || machine.connection.isGone()) {
        machine = connect(directory, QtestConnection.ANSWER_NANOS);
        OPEN.put(key, machine);
      }
      machine.users++;
      return machine;
    }
  }

  /** A machine of its own, that {@link #open} does not find. */
  static QtestMachine connect(Path directory, long answerNanos) throws IOException {
    List<MachineMemory> memory;
    QtestConnection connection;
    try (QmpQuestions qmp = QmpQuestions.connect(directory.resolve(QMP_SOCKET))) {
      connection = QtestConnection.connect(directory.resolve(QTEST_SOCKET), answerNanos);
      memory = askOrClose(qmp, connection);
    }
    RamPages ram = null;
    try {
      ram = RamPages.map(memory.getFirst());
      return new QtestMachine(directory, connection, memory, ram);
    } finally {
      if (ram == null) {
        connection.close();
      }
    }
  }

  private static List<MachineMemory> askOrClose(QmpQuestions qmp, QtestConnection connection)
      throws IOException {
    try {
      return MachineMemory.ask(qmp);
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  Path directory() {
    return directory;
  }

  QtestConnection connection() {
    return connection;
  }

  /**
   * A function of the machine that nobody has.
   *
   * @param address as in {@code 00:04.0}; null for the first that has {@code classCode}
   * @throws IOException there is none, or it is in use; names those there are
   */
  PciFunction find(@Nullable String address, int classCode) throws IOException {
    buses.scan();
    List<PciFunction> all = buses.functions();
    for (PciFunction function : all) {
      if (address == null
          ? PciBuses.classOf(function) == classCode && !function.isInUse()
          : function.name().equalsIgnoreCase(address)) {
        if (function.isInUse()) {
          throw new IOException(
              directory + ":" + address + " is in use already; detach its controller first");
        }
        return function;
      }
    }
    String what = address == null ? "of class %06x".formatted(classCode) : "at " + address;
    throw new IOException(
        connection.isGone()
            ? directory + ": the emulated machine does not answer; is another program using it?"
            : directory + ": no free PCI function " + what + "; there are " + describe(all));
  }

  private static String describe(List<PciFunction> functions) {
    return functions.stream()
        .map(function -> "%s (%06x)".formatted(function.name(), PciBuses.classOf(function)))
        .toList()
        .toString();
  }

  /** As {@link DmaSpace#allocate}. */
  DmaMemory allocate(long bytes) throws IOException {
    return ram.allocate(bytes);
  }

  /** As {@link DmaSpace#map}, but that the machine reaches its memory anyway. */
  synchronized long physical(long address, long bytes) {
    try {
      ProcMaps.Place place = ProcMaps.find(address, bytes);
      long found = place == null ? DmaSpace.NOT_REACHABLE : physical(place, bytes);
      if (found == DmaSpace.NOT_REACHABLE && place != null && !connection.isGone()) {
        try (QmpQuestions qmp = QmpQuestions.connect(directory.resolve(QMP_SOCKET))) {
          memory = MachineMemory.ask(qmp); // plugged in since?
        }
        found = physical(place, bytes);
      }
      if (found == DmaSpace.NOT_REACHABLE) {
        LOG.info(
            "{}: {} bytes at 0x{} are no memory of the emulated machine, they go through copies;"
                + " to plug a guest's memory in give QEMU -device pc-dimm and its file",
            directory,
            bytes,
            Long.toHexString(address));
      }
      return found;
    } catch (IOException e) {
      LOG.warn(
          "{}: {} bytes at 0x{} go through copies: {}",
          directory,
          bytes,
          Long.toHexString(address),
          e.getMessage());
      return DmaSpace.NOT_REACHABLE;
    }
  }

  private long physical(ProcMaps.Place place, long bytes) {
    for (MachineMemory file : memory) {
      if (file.holds(place, bytes)) {
        return file.physical() + place.offset();
      }
    }
    return DmaSpace.NOT_REACHABLE;
  }

  /** One user less; the last one disconnects. */
  @Override
  public void close() {
    synchronized (OPEN) {
      users--;
      if (users <= 0) {
        OPEN.values().remove(this);
        connection.close();
        ram.close();
      }
    }
  }

  @Override
  public String toString() {
    return directory.toString();
  }
}
