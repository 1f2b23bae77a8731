package io.millrace.nvme.pci;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The PCI functions of a machine, by what sysfs says of them (the kernel's
 * Documentation/ABI/testing/sysfs-bus-pci). Any thread; each call looks anew.
 */
public final class PciFunctions {
  /** The class of an NVMe controller. */
  public static final int NVME_CLASS = 0x01_08_02;

  /** The driver that hands functions to programs. */
  public static final String VFIO_DRIVER = "vfio-pci";

  private final HostFiles files;
  private final BlockUses blockUses;
  private final VfioUsers vfioUsers;

  PciFunctions(HostFiles files, HostKernel kernel) {
    this.files = files;
    this.blockUses = new BlockUses(files, kernel);
    this.vfioUsers = new VfioUsers(files);
  }

  /** Those of the machine that this process runs on. */
  public static PciFunctions ofThisMachine() {
    return new PciFunctions(HostFiles.OF_THIS_MACHINE, HostKernel.OF_THIS_MACHINE);
  }

  /** Every NVMe controller, by address. */
  public List<PciFunction> nvme() throws IOException {
    List<PciFunction> found = new ArrayList<>();
    for (Path folder : HostFiles.entries(files.sys().resolve("bus/pci/devices"))) {
      if (number(folder, "class") == NVME_CLASS) {
        found.add(find(PciAddress.parse(folder.getFileName().toString())));
      }
    }
    return found;
  }

  /**
   * One function.
   *
   * @throws FileNotFoundException there is none at this address
   * @throws IOException sysfs cannot be read
   */
  public PciFunction find(PciAddress address) throws IOException {
    Path folder = files.function(address);
    if (!Files.isDirectory(folder)) {
      throw new FileNotFoundException(
          "there is no PCI function " + address + "; millrace nvme list shows NVMe controllers");
    }
    String group = HostFiles.linkName(folder.resolve("iommu_group"));
    List<PciAddress> mates = new ArrayList<>();
    for (Path mate : HostFiles.entries(folder.resolve("iommu_group/devices"))) {
      PciAddress other = PciAddress.parse(mate.getFileName().toString());
      if (!other.equals(address)) {
        mates.add(other);
      }
    }
    return new PciFunction(
        address,
        number(folder, "vendor"),
        number(folder, "device"),
        number(folder, "class"),
        HostFiles.linkName(folder.resolve("driver")),
        group == null ? null : Integer.valueOf(group),
        List.copyOf(mates),
        number(folder, "numa_node"));
  }

  private static int number(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    String text = Files.readString(file).strip();
    try {
      return Integer.decode(text);
    } catch (NumberFormatException e) {
      throw new IOException(file + " holds no number: " + text, e);
    }
  }

  /**
   * What uses a function, each as {@code nvme0n1p1 mounted at /boot}: while there is something the
   * function must stay with its driver.
   */
  public List<String> uses(PciFunction function) {
    Integer group = function.iommuGroup();
    return VFIO_DRIVER.equals(function.driver()) && group != null
        ? vfioUsers.of(group)
        : blockUses.of(function.address());
  }
}
