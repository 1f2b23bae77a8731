package io.millrace.nvme;

import io.millrace.linux.FileDescriptor;
import io.millrace.nvme.NvmeException.Kind;
import io.millrace.nvme.pci.PciDevice;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a controller is driven with, made once for a device; holds no state of its own. */
final class ControllerParts implements AutoCloseable {
  private static final int REGISTERS = 0; // the BAR that has them
  private static final int PAGE_SHIFT = 12;
  private static final int MAX_PAGE_SHIFT = 16;

  final PciDevice device;
  final String name;
  final Reactor home;
  final ControllerOptions options;
  final ControllerRegisters registers;
  final Set<Quirk> quirks;
  final List<FileDescriptor> interrupts;
  final long pageMask;
  final RegisterWait wait;
  final AdminQueue admin;
  final BringUp bringUp;
  final IoPairs pairs;
  private final @Nullable FdWatch adminInterrupt;
  private final @Nullable FdWatch returnRequest;

  /**
   * Parts for a device, which stays the caller's.
   *
   * @param wantedBack runs on the home when the kernel asks for the device
   */
  ControllerParts(
      PciDevice device,
      Reactor home,
      ControllerOptions options,
      QueueOwner owner,
      Runnable wantedBack)
      throws IOException, NvmeException {
    this.device = device;
    this.name = device.name();
    this.home = home;
    this.options = options;
    quirks = Quirk.of(device.readConfig(PciDevice.CONFIG_ID));
    registers = new ControllerRegisters(device.registers(REGISTERS));
    check();
    int pageShift = Math.max(PAGE_SHIFT, registers.minPageShift());
    pageMask = (1L << pageShift) - 1;
    wait = new RegisterWait(home, registers, name);
    interrupts = options.interrupts() ? device.enableInterrupts(1 + options.queues()) : List.of();
    long adminNanos = options.adminTimeout().toNanos();
    admin = new AdminQueue(name, home, owner, registers, device.dma(), adminNanos, pageMask);
    bringUp = new BringUp(name, registers, wait, admin, quirks, pageShift);
    pairs =
        new IoPairs(
            name, home, owner, options, registers, device.dma(), admin, interrupts, pageMask);
    adminInterrupt =
        interrupts.isEmpty()
            ? null
            : home.watchEdges(interrupts.getFirst().number(), admin.pair()::interrupted);
    FileDescriptor request = device.returnRequest();
    returnRequest = request == null ? null : home.watchEdges(request.number(), wantedBack);
  }

  private void check() throws NvmeException {
    if (!registers.answered()) {
      throw RegisterWait.gone(name);
    }
    if (!registers.hasNvmCommandSet()
        || registers.minPageShift() > MAX_PAGE_SHIFT
        || registers.maxEntries() < 2) {
      throw new NvmeException(
          Kind.UNSUPPORTED,
          name
              + ": it has no NVM command set, no queues, or pages above 64 KiB; not a disk for us");
    }
    if (!registers.holdsDoorbells(1)) {
      throw new NvmeException(Kind.PROTOCOL, name + ": its registers end before its doorbells");
    }
  }

  boolean hasInterrupts() {
    return !interrupts.isEmpty();
  }

  /** Lets the device start DMA, or stops it from doing so whatever it is at. */
  void mayUseMemory(boolean allowed) {
    int command = device.readConfig(PciDevice.CONFIG_COMMAND) & 0xffff;
    int bits = PciDevice.COMMAND_BUS_MASTER;
    device.writeConfig(PciDevice.CONFIG_COMMAND, allowed ? command | bits : command & ~bits);
  }

  /** Gives the device and all memory back; the controller has been stopped, or is gone. */
  @Override
  public void close() {
    for (FdWatch watch : new FdWatch[] {adminInterrupt, returnRequest}) {
      if (watch != null) {
        watch.close();
      }
    }
    pairs.close();
    admin.close();
    device.close();
  }
}
