package io.millrace.nvme.qtest;

import io.millrace.linux.FileDescriptor;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.pci.Registers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function of an emulated machine. It has no interrupts, and reaches all of its machine's memory
 * whether mapped or not.
 */
public final class QtestPciDevice implements PciDevice {
  private static final int CLASS_NVME = 0x010802;
  private static final String DOMAIN = "0000:";

  private final QtestMachine machine;
  private final PciFunction function;
  private final DmaSpace dma = new Dma();
  private volatile boolean gone;
  private boolean closed;

  private QtestPciDevice(QtestMachine machine, PciFunction function) {
    this.machine = machine;
    this.function = function;
  }

  /**
   * Opens a function of the machine whose QEMU listens at {@code qtest.sock} and {@code qmp.sock}
   * in a directory; it is then in the state after power-on, has addresses, and may use memory. The
   * caller closes it.
   *
   * <p>QEMU is started with {@code -accel tcg -S -nodefaults -display none -m 64M -machine
   * q35,memory-backend=mem -object
   * memory-backend-file,id=mem,share=on,mem-path=/dev/shm/FILE,size=64M -qtest
   * unix:DIR/qtest.sock,server=on,wait=off -qtest-log none -qmp
   * unix:DIR/qmp.sock,server=on,wait=off} and its devices. To let it reach the memory of a virtual
   * machine: {@code -m 64M,slots=2,maxmem=8G -device pc-dimm,memdev=guest -object
   * memory-backend-file,id=guest,share=on,mem-path=/dev/shm/GUEST,size=...}.
   *
   * @param directory of the sockets
   * @param address bus, device and function as in {@code 00:04.0}; null for the first NVMe
   *     controller
   * @throws IOException no machine or no such function there, in one line that says what to do
   */
  public static QtestPciDevice open(Path directory, @Nullable String address) throws IOException {
    String wanted =
        address != null && address.startsWith(DOMAIN)
            ? address.substring(DOMAIN.length())
            : address;
    return open(QtestMachine.open(directory), wanted);
  }

  /** Takes over one use of the machine. */
  static QtestPciDevice open(QtestMachine machine, @Nullable String address) throws IOException {
    try {
      PciFunction function = machine.find(address, CLASS_NVME);
      function.start();
      function.setInUse(true);
      return new QtestPciDevice(machine, function);
    } catch (IOException e) {
      machine.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return machine + ":" + function.name();
  }

  @Override
  public int readConfig(int offset) {
    assert (offset & 3) == 0 && offset >= 0 && offset < CONFIG_BYTES : offset;
    return isGone() ? -1 : function.read(offset);
  }

  @Override
  public void writeConfig(int offset, int value) {
    assert (offset & 3) == 0 && offset >= 0 && offset < CONFIG_BYTES : offset;
    if (!isGone()) {
      function.write(offset, value);
    }
  }

  @Override
  public Registers registers(int index) throws IOException {
    if (index < 0 || index >= PciFunction.BARS || function.barBytes(index) == 0) {
      throw new IOException(name() + " has no memory behind base address register " + index);
    }
    return new QtestRegisters(
        this, machine.connection(), function.barAddress(index), function.barBytes(index));
  }

  @Override
  public DmaSpace dma() {
    return dma;
  }

  /** None: they reach the emulated machine's CPU, which stands still. */
  @Override
  public List<FileDescriptor> enableInterrupts(int most) {
    return List.of();
  }

  /** Any thread. Once true it stays so: another function may be plugged in at the same place. */
  @Override
  public boolean isGone() {
    if (!isKnownGone() && function.read(CONFIG_ID) == -1) {
      gone = true;
    }
    return isKnownGone();
  }

  /** Whether somebody found out already; asks nobody. */
  boolean isKnownGone() {
    return gone || machine.connection().isGone();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (!isGone()) {
      function.stop();
    }
    gone = true;
    function.setInUse(false);
    machine.close();
  }

  private final class Dma implements DmaSpace {
    @Override
    public long map(long address, long bytes) {
      return machine.physical(address, bytes);
    }

    @Override
    public void unmap(long address, long bytes) {
      assert bytes > 0 : bytes; // nothing to do: the machine reaches its memory always
    }

    @Override
    public DmaMemory allocate(long bytes) throws IOException {
      return machine.allocate(bytes);
    }
  }
}
