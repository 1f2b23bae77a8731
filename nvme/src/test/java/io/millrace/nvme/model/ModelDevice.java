package io.millrace.nvme.model;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.MappedRegisters;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.nvme.pci.Registers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The PCI function of a {@link ModelController}. Its registers are memory, as VFIO gives them: what
 * is written there has its effect in the controller's next step.
 */
public final class ModelDevice implements PciDevice {
  private static final int PAGE_BYTES = 4096;
  private static final int CLASS_NVME = 0x010802;

  private final ModelOptions options;
  private final Mapping registers;
  private final ModelDma dma = new ModelDma();
  private final ModelController controller;
  private final int[] config;
  private final List<FileDescriptor> interrupts = new ArrayList<>();
  private final FileDescriptor returnRequest;
  private volatile boolean gone;
  private @Nullable ModelThread thread;
  private boolean closed;

  /** A device that is plugged in and reset; the caller closes it. */
  public ModelDevice(ModelOptions options) throws LinuxException {
    this.options = options;
    returnRequest = EventFd.create();
    registers = Mapping.anonymous(registerBytes(options), false);
    controller = new ModelController(options, dma, registers.address());
    config = new int[options.configBytes / Integer.BYTES];
    config[CONFIG_ID / Integer.BYTES] = options.device << 16 | options.vendor;
    config[CONFIG_CLASS / Integer.BYTES] = CLASS_NVME << 8;
    config[CONFIG_SUBSYSTEM / Integer.BYTES] = options.device << 16 | options.vendor;
  }

  static long registerBytes(ModelOptions options) {
    return (Reg.DOORBELLS + Doorbells.bytes(options) + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  /** What is behind. It is stepped, or runs on a thread of its own. */
  public ModelController controller() {
    return controller;
  }

  /** Has its controller run on a thread of its own until the device is closed. */
  public ModelDevice running() {
    thread = new ModelThread(controller);
    return this;
  }

  /** Sets 32 bits of configuration space. */
  public void config(int offset, int value) {
    config[offset / Integer.BYTES] = value;
  }

  /** Pulls it out: all reads give ones, at once. Any thread. */
  public void pullOut() {
    gone = true;
    controller.pullOut();
    RawMemory.fill(registers.address(), registers.size(), (byte) -1);
  }

  @Override
  public String name() {
    return "model:" + options.serial;
  }

  @Override
  public int numaNode() {
    return options.numaNode;
  }

  @Override
  public int configBytes() {
    return options.configBytes;
  }

  @Override
  public int readConfig(int offset) {
    return gone ? -1 : config[offset / Integer.BYTES];
  }

  @Override
  public void writeConfig(int offset, int value) {
    if (!gone && offset == CONFIG_COMMAND) {
      config[offset / Integer.BYTES] = value & 0xffff; // status clears by ones; there is none
    }
  }

  @Override
  public Registers registers(int index) throws IOException {
    if (index != 0) {
      throw new IOException(name() + " has nothing behind base address register " + index);
    }
    return new MappedRegisters(registers.address(), registers.size());
  }

  @Override
  public ModelDma dma() {
    return dma;
  }

  @Override
  public List<FileDescriptor> enableInterrupts(int most) throws IOException {
    if (!interrupts.isEmpty()) {
      throw new IllegalStateException("interrupts are enabled already");
    }
    for (int i = 0; i < Math.min(most, options.vectors); i++) {
      interrupts.add(EventFd.create());
    }
    List<FileDescriptor> enabled = List.copyOf(interrupts);
    controller.vectors(enabled);
    return enabled;
  }

  /** Asks for the device, as the kernel does when it is to be unbound. */
  public void wantBack() {
    EventFd.signal(returnRequest.number());
  }

  @Override
  public FileDescriptor returnRequest() {
    return returnRequest;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ModelThread own = thread;
      if (own != null) {
        own.close();
      }
      controller.vectors(List.of());
      interrupts.forEach(FileDescriptor::close);
      returnRequest.close();
      controller.close();
      registers.close();
    }
  }
}
