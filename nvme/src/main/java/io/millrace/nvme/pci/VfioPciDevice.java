package io.millrace.nvme.pci;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.VfioDevice;
import io.millrace.linux.VfioGroup;
import io.millrace.linux.VfioRegion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A function of this machine, by way of the kernel's driver vfio-pci ({@code millrace nvme bind}
 * gives it to that).
 */
public final class VfioPciDevice implements PciDevice {
  private static final Logger LOG = LoggerFactory.getLogger(VfioPciDevice.class);
  private static final int COMMAND_BITS = 0xffff; // status above it is cleared by writing ones

  private final PciAddress address;
  private final int numaNode;
  private final VfioGroups.OpenGroup group;
  private final VfioDevice device;
  private final VfioRegion config;
  private final VfioDmaSpace dma;
  private final Map<Integer, Mapping> mappings = new HashMap<>(); // by base address register
  private final List<FileDescriptor> events = new ArrayList<>();
  private int interruptKind; // VfioDevice.MSIX or MSI once they are enabled, else 0
  private @Nullable FileDescriptor returnRequest;
  private boolean closed;

  private VfioPciDevice(
      PciFunction function, VfioGroups.OpenGroup group, VfioDevice device, VfioRegion config) {
    this.address = function.address();
    this.numaNode = function.numaNode();
    this.group = group;
    this.device = device;
    this.config = config;
    this.dma = new VfioDmaSpace(address.toString(), group.mappings());
  }

  /**
   * Takes a function for this process, resets it, and lets it do DMA.
   *
   * @throws IOException it is not to be had; says why, and what to do
   */
  public static VfioPciDevice open(PciAddress address) throws IOException {
    PciFunction function = PciFunctions.ofThisMachine().find(address);
    String driver = function.driver();
    Integer number = function.iommuGroup();
    if (!PciFunctions.VFIO_DRIVER.equals(driver) || number == null) {
      throw new IOException(
          "%s is with %s; give it to Millrace by: millrace nvme bind %s"
              .formatted(address, driver == null ? "no driver" : "driver " + driver, address));
    }
    VfioGroups.OpenGroup group;
    try {
      group = VfioGroups.take(number);
    } catch (LinuxException e) {
      throw new IOException(address + ": " + explain(e, number), e);
    }
    try {
      return opened(function, group);
    } catch (LinuxException e) {
      VfioGroups.giveBack(group);
      throw e;
    }
  }

  private static String explain(LinuxException e, int group) {
    String what = e.getMessage() == null ? e.toString() : e.getMessage();
    return switch (e.errno()) {
      case EBUSY -> "IOMMU group " + group + " is in use by another program; end that first";
      case EACCES -> what + "; run as root, or give this user " + VfioGroup.file(group);
      case ENOENT, EOPNOTSUPP -> what + "; load modules vfio-pci and vfio_iommu_type1";
      default -> what;
    };
  }

  private static VfioPciDevice opened(PciFunction function, VfioGroups.OpenGroup group)
      throws LinuxException {
    VfioDevice device = group.device(function.address());
    VfioPciDevice opened;
    try {
      opened = new VfioPciDevice(function, group, device, device.region(VfioDevice.CONFIG_REGION));
      if (!device.reset()) {
        LOG.info("{} cannot be reset by itself and starts as it is", opened);
      }
      opened.watchReturnRequests();
    } catch (LinuxException e) {
      device.close();
      throw e;
    }
    // After the reset, which takes these back.
    opened.setCommand(COMMAND_MEMORY | COMMAND_BUS_MASTER, 0);
    return opened;
  }

  private void watchReturnRequests() throws LinuxException {
    if (device.interruptCount(VfioDevice.REQUEST) == 0) {
      return;
    }
    FileDescriptor event = EventFd.create();
    try {
      device.enableInterrupts(VfioDevice.REQUEST, List.of(event));
    } catch (LinuxException e) {
      event.close();
      throw e;
    }
    returnRequest = event;
  }

  private void setCommand(int set, int clear) {
    int command = readConfig(CONFIG_COMMAND) & COMMAND_BITS;
    writeConfig(CONFIG_COMMAND, (command | set) & ~clear);
  }

  @Override
  public String name() {
    return address.toString();
  }

  @Override
  public int numaNode() {
    return numaNode;
  }

  @Override
  public int configBytes() {
    return (int) config.bytes();
  }

  @Override
  public int readConfig(int offset) {
    return device.read(config, offset);
  }

  @Override
  public void writeConfig(int offset, int value) {
    device.write(config, offset, value);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Where the kernel keeps the interrupt table to itself these are the registers before it.
   */
  @Override
  public Registers registers(int index) throws IOException {
    Mapping mapping = mappings.get(index);
    if (mapping == null) {
      mapping = map(index);
      mappings.put(index, mapping);
    }
    return new MappedRegisters(mapping.address(), mapping.size());
  }

  private Mapping map(int index) throws IOException {
    VfioRegion region = device.region(index);
    for (VfioRegion.Area area : region.mappable()) {
      if (area.offset() == 0) {
        return device.map(region, area);
      }
    }
    throw new IOException(
        "%s: the %d bytes of registers behind BAR %d cannot be mapped"
            .formatted(address, region.bytes(), index));
  }

  @Override
  public DmaSpace dma() {
    return dma;
  }

  @Override
  public List<FileDescriptor> enableInterrupts(int most) throws IOException {
    int count = 0;
    for (int kind : new int[] {VfioDevice.MSIX, VfioDevice.MSI}) {
      count = Math.min(most, device.interruptCount(kind));
      if (count > 0) {
        interruptKind = kind;
        break;
      }
    }
    if (count == 0) {
      return List.of();
    }
    for (int i = 0; i < count; i++) {
      events.add(EventFd.create());
    }
    int possible = device.enableInterrupts(interruptKind, events);
    if (possible > 0) { // the host is short of vectors
      device.enableInterrupts(interruptKind, events.subList(0, possible));
      return List.copyOf(events.subList(0, possible));
    }
    return List.copyOf(events);
  }

  @Override
  public @Nullable FileDescriptor returnRequest() {
    return returnRequest;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    setCommand(0, COMMAND_BUS_MASTER); // from here on no memory of ours is written
    if (interruptKind != 0) {
      device.disableInterrupts(interruptKind);
    }
    // Before the device: if the kernel waits for it, its group leaves the container there and then.
    dma.close();
    mappings.values().forEach(Mapping::close);
    device.close();
    VfioGroups.giveBack(group);
    events.forEach(FileDescriptor::close);
    FileDescriptor request = returnRequest;
    if (request != null) {
      request.close();
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
