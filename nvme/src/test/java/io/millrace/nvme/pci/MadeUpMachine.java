package io.millrace.nvme.pci;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A machine's sysfs, /proc and /dev in a folder, and a kernel that does what is written there, as
 * far as drivers of PCI functions go.
 */
final class MadeUpMachine implements HostKernel {
  static final String NVME_CLASS = "0x010802";

  final HostFiles files;

  /** Devices that others have open for themselves. */
  final Set<String> claimed = new HashSet<>();

  /** Every claim that was given out, for whoever got it to close. */
  final List<FileDescriptor> claims = new ArrayList<>();

  /** Done when a disk is claimed: others take it at that moment. */
  Runnable onClaim = () -> {};

  /** Functions come to their driver some time after they were probed for. */
  boolean probesLate;

  /** What was loaded by its name; only those in {@link #loadable} appear. */
  final List<String> loaded = new ArrayList<>();

  final Set<String> loadable = new HashSet<>();

  /** Writes to attributes of this name are refused. */
  String readOnly = "";

  /** Drivers that fail to take a function. */
  final Set<String> failing = new HashSet<>();

  MadeUpMachine(Path root) {
    files = new HostFiles(root.resolve("sys"), root.resolve("proc"), root.resolve("dev"));
    folder(files.sys().resolve("bus/pci/devices"));
    driver("nvme");
    driver("vfio-pci");
    text(files.sys().resolve("bus/pci/drivers_probe"), "");
    text(files.proc().resolve("self/mountinfo"), "22 1 0:21 / / rw - rootfs rootfs rw\n");
    text(files.proc().resolve("swaps"), "Filename\tType\tSize\tUsed\tPriority\n");
    folder(files.dev().resolve("vfio"));
  }

  PciFunctions functions() {
    return new PciFunctions(files, this);
  }

  /** A driver that is loaded. */
  void driver(String name) {
    text(files.driver(name).resolve("unbind"), "");
  }

  void removeDriver(String name) throws IOException {
    Files.delete(files.driver(name).resolve("unbind"));
    Files.delete(files.driver(name));
  }

  /** A function with a driver, "" for none, in an IOMMU group, -1 for none. */
  Path function(String address, String classCode, String driver, int group) throws IOException {
    Path folder = files.function(PciAddress.parse(address));
    text(folder.resolve("class"), classCode + "\n");
    text(folder.resolve("vendor"), "0x1b36\n");
    text(folder.resolve("device"), "0x0010\n");
    text(folder.resolve("numa_node"), "-1\n");
    text(folder.resolve("driver_override"), "(null)\n");
    if (!driver.isEmpty()) {
      Files.createSymbolicLink(folder.resolve("driver"), files.driver(driver));
    }
    if (group >= 0) {
      Path groupFolder = files.sys().resolve("kernel/iommu_groups/" + group);
      folder(groupFolder.resolve("devices"));
      Files.createSymbolicLink(folder.resolve("iommu_group"), groupFolder);
      Files.createSymbolicLink(groupFolder.resolve("devices/" + address), folder);
    }
    return folder;
  }

  /** A disk of a function, the names of its directory there and of the disk. */
  void disk(String address, String path, String name, String number) {
    folder(files.function(PciAddress.parse(address)).resolve("nvme/nvme0").resolve(path));
    text(block(name).resolve("dev"), number + "\n");
    folder(block(name).resolve("holders"));
    text(files.dev().resolve(name), "");
  }

  void partition(String disk, String name, String number) {
    Path folder = block(disk).resolve(name);
    text(folder.resolve("partition"), "1\n");
    text(folder.resolve("dev"), number + "\n");
    folder(folder.resolve("holders"));
  }

  /** The folder of a disk, or below it of a partition. */
  Path block(String name) {
    return files.sys().resolve("class/block").resolve(name);
  }

  void mount(String line) {
    append(files.proc().resolve("self/mountinfo"), line + "\n");
  }

  void swap(String line) {
    append(files.proc().resolve("swaps"), line + "\n");
  }

  /** A process that has a file open. */
  void process(int pid, String name, String open) throws IOException {
    Path folder = files.proc().resolve(Integer.toString(pid));
    text(folder.resolve("comm"), name + "\n");
    folder(folder.resolve("fd"));
    Files.createSymbolicLink(folder.resolve("fd/7"), Path.of(open));
  }

  /** What {@code driver_override} says. */
  String override(String address) throws IOException {
    return Files.readString(files.function(PciAddress.parse(address)).resolve("driver_override"));
  }

  @Override
  public void write(Path attribute, String value) throws IOException {
    String name = attribute.getFileName().toString();
    if (name.equals(readOnly)) {
      throw new AccessDeniedException(attribute.toString());
    }
    switch (name) {
      case "driver_override" -> text(attribute, value.equals("\n") ? "(null)\n" : value + "\n");
      case "unbind" -> {
        Path function = files.function(PciAddress.parse(value));
        if (!attribute.getParent().equals(Files.readSymbolicLink(function.resolve("driver")))) {
          throw new FileSystemException(attribute.toString(), null, "No such device");
        }
        Files.delete(function.resolve("driver"));
      }
      case "drivers_probe" -> {
        Path function = files.function(PciAddress.parse(value));
        if (probesLate) {
          Thread.ofVirtual().start(() -> probe(function));
        } else {
          probe(function);
        }
      }
      default -> throw new AssertionError(attribute);
    }
  }

  private void probe(Path function) {
    try {
      String override = Files.readString(function.resolve("driver_override")).strip();
      boolean isNvme = Files.readString(function.resolve("class")).strip().equals(NVME_CLASS);
      String wanted = override.equals("(null)") ? isNvme ? "nvme" : "" : override;
      Path driver = files.driver(wanted);
      if (!wanted.isEmpty()
          && !failing.contains(wanted)
          && Files.isDirectory(driver)
          && !Files.exists(function.resolve("driver"))) {
        Files.createSymbolicLink(function.resolve("driver"), driver);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void loadModule(String name) {
    loaded.add(name);
    if (loadable.contains(name)) {
      driver(name);
    }
  }

  @Override
  public FileDescriptor claim(Path blockDevice) throws LinuxException {
    if (claimed.contains(blockDevice.getFileName().toString())) {
      throw new LinuxException("open " + blockDevice, Errno.EBUSY.number());
    }
    FileDescriptor claim = LinuxFiles.open(blockDevice, OpenFlag.READ_ONLY);
    claims.add(claim);
    onClaim.run();
    return claim;
  }

  private static void folder(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void text(Path file, String text) {
    folder(file.getParent());
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void append(Path file, String text) {
    try {
      Files.writeString(file, text, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
