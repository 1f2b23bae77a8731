package io.millrace.nvme.pci;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves NVMe controllers between the kernel's driver and vfio-pci, by {@code driver_override} and
 * {@code drivers_probe} of sysfs. Refuses what would take a disk from its user. Any thread; waits
 * for the kernel.
 */
public final class PciBinding {
  private static final Logger LOG = LoggerFactory.getLogger(PciBinding.class);
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final long PAUSE_NANOS = 10_000_000;
  private static final String IOMMU_MODULE = "vfio_iommu_type1";
  private static final String NO_OVERRIDE = "\n";

  /** Drivers that do no DMA of their own, so that the kernel lets them stay in a group. */
  private static final Set<String> HARMLESS =
      Set.of(PciFunctions.VFIO_DRIVER, "pci-stub", "pcieport", "shpchp", "xen-pciback");

  private final HostFiles files;
  private final HostKernel kernel;
  private final Duration limit;
  private final PciFunctions functions;
  private final BlockUses blockUses;

  PciBinding(HostFiles files, HostKernel kernel, Duration limit) {
    this.files = files;
    this.kernel = kernel;
    this.limit = limit;
    this.functions = new PciFunctions(files, kernel);
    this.blockUses = new BlockUses(files, kernel);
  }

  /** That of the machine that this process runs on. */
  public static PciBinding ofThisMachine() {
    return new PciBinding(HostFiles.OF_THIS_MACHINE, HostKernel.OF_THIS_MACHINE, LIMIT);
  }

  /**
   * Gives controllers to vfio-pci. All are looked at before the first is touched; when one fails,
   * it goes back to its driver, and those before it stay.
   *
   * @param addresses those of a shared IOMMU group together
   * @param done told what became of each, a line each, as it happens
   * @throws IOException one must not go, or did not; says why, and what to do
   */
  public void bind(Collection<PciAddress> addresses, Consumer<String> done) throws IOException {
    List<PciFunction> chosen = new ArrayList<>();
    for (PciAddress address : new TreeSet<>(addresses)) {
      PciFunction function = nvme(address);
      if (!isWithVfio(function)) {
        refuseInUse(function);
        refuseGroup(function, addresses);
      }
      chosen.add(function);
    }
    requireVfioDriver();
    for (PciFunction function : chosen) {
      done.accept(
          isWithVfio(function) ? function.address() + ": vfio-pci has it already" : bind(function));
    }
  }

  private PciFunction nvme(PciAddress address) throws IOException {
    PciFunction function = functions.find(address);
    if (function.classCode() != PciFunctions.NVME_CLASS) {
      throw new IOException(
          "%s is no NVMe controller: its class is 0x%06x, not 0x%06x; millrace nvme list shows them"
              .formatted(address, function.classCode(), PciFunctions.NVME_CLASS));
    }
    return function;
  }

  private static boolean isWithVfio(PciFunction function) {
    return PciFunctions.VFIO_DRIVER.equals(function.driver());
  }

  private void refuseInUse(PciFunction function) throws IOException {
    List<String> uses = functions.uses(function);
    if (!uses.isEmpty()) {
      throw new IOException(
          "%s is in use: %s; end that first"
              .formatted(function.address(), String.join(", ", uses)));
    }
  }

  private void refuseGroup(PciFunction function, Collection<PciAddress> together)
      throws IOException {
    PciAddress address = function.address();
    if (function.iommuGroup() == null) {
      throw new IOException(
          address
              + " has no IOMMU group; switch the IOMMU on: VT-d or AMD-Vi in the firmware, and"
              + " intel_iommu=on on the kernel's command line");
    }
    for (PciAddress mate : function.groupMates()) {
      String driver = HostFiles.linkName(files.function(mate).resolve("driver"));
      if (driver != null && !HARMLESS.contains(driver) && !together.contains(mate)) {
        throw new IOException(
            "%s shares IOMMU group %d with %s, which is with driver %s, and a group goes as a whole; %s"
                .formatted(address, function.iommuGroup(), mate, driver, remedy(address, mate)));
      }
    }
  }

  private String remedy(PciAddress address, PciAddress mate) throws IOException {
    return functions.find(mate).classCode() == PciFunctions.NVME_CLASS
        ? "give both: millrace nvme bind " + address + " " + mate
        : "put the drive into another slot";
  }

  private void requireVfioDriver() throws IOException {
    Path driver = files.driver(PciFunctions.VFIO_DRIVER);
    if (!Files.isDirectory(driver)) {
      kernel.loadModule(PciFunctions.VFIO_DRIVER);
    }
    if (!Files.isDirectory(files.sys().resolve("module").resolve(IOMMU_MODULE))) {
      kernel.loadModule(IOMMU_MODULE); // vfio asks for it too, in vain where there is no udev
    }
    if (!Files.isDirectory(driver)) {
      throw new IOException("the kernel has no driver vfio-pci; load it: modprobe vfio-pci");
    }
  }

  private String bind(PciFunction function) throws IOException {
    PciAddress address = function.address();
    String before = function.driver();
    List<FileDescriptor> claims = new ArrayList<>();
    try {
      claim(address, claims);
      override(address, PciFunctions.VFIO_DRIVER);
      if (before != null) {
        release(address, before);
      }
      probe(address);
      awaitDriver(address, PciFunctions.VFIO_DRIVER);
      return "%s: %s -> %s"
          .formatted(address, before == null ? "no driver" : before, PciFunctions.VFIO_DRIVER);
    } catch (IOException e) {
      rollBack(address);
      throw e;
    } finally {
      claims.forEach(FileDescriptor::close);
    }
  }

  /** Nobody mounts a disk between the look at it and its end. */
  private void claim(PciAddress address, List<FileDescriptor> claims) throws IOException {
    for (String disk : blockUses.disks(address)) {
      try {
        claims.add(blockUses.claim(disk));
      } catch (LinuxException e) {
        if (e.errno() == Errno.EBUSY) {
          throw new IOException(address + " is in use just now: " + disk, e);
        }
        LOG.debug("not claimed: {}", e.getMessage()); // no such file: containers have few
      }
    }
  }

  private void rollBack(PciAddress address) {
    try {
      override(address, NO_OVERRIDE);
      if (driver(address) == null) {
        probe(address);
      }
    } catch (IOException e) {
      LOG.warn("{} did not go back to its driver: {}", address, e.getMessage());
    }
  }

  /**
   * Gives a controller back to the kernel's own driver.
   *
   * @return what became of it
   * @throws IOException a program has it, or no driver took it; says so, and what to do
   */
  public String unbind(PciAddress address) throws IOException {
    PciFunction function = nvme(address);
    String driver = function.driver();
    if (driver != null && !isWithVfio(function)) {
      return address + ": driver " + driver + " has it already";
    }
    if (driver != null) {
      refuseUsedByProgram(function);
    }
    override(address, NO_OVERRIDE);
    if (driver != null) {
      release(address, driver);
    }
    probe(address);
    String now = awaitDriver(address, null);
    return "%s: %s -> %s".formatted(address, driver == null ? "no driver" : driver, now);
  }

  /** The kernel would wait for that program, for ever. */
  private void refuseUsedByProgram(PciFunction function) throws IOException {
    refuseInUse(function);
    try {
      // A program that this process may not look into: its group opens once at a time.
      kernel.claim(files.dev().resolve("vfio/" + function.iommuGroup())).close();
    } catch (LinuxException e) {
      if (e.errno() == Errno.EBUSY) {
        throw new IOException(
            "%s is in use by a program that has IOMMU group %d; end that first"
                .formatted(function.address(), function.iommuGroup()),
            e);
      }
    }
  }

  private void override(PciAddress address, String driver) throws IOException {
    write(files.function(address).resolve("driver_override"), driver);
  }

  private void release(PciAddress address, String driver) throws IOException {
    write(files.driver(driver).resolve("unbind"), address.toString());
  }

  private void probe(PciAddress address) throws IOException {
    write(files.sys().resolve("bus/pci/drivers_probe"), address.toString());
  }

  private void write(Path attribute, String value) throws IOException {
    try {
      kernel.write(attribute, value);
    } catch (AccessDeniedException e) {
      throw new IOException("cannot write " + attribute + ": run as root", e);
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + attribute + ": " + e.getReason(), e);
    }
  }

  private @Nullable String driver(PciAddress address) {
    return HostFiles.linkName(files.function(address).resolve("driver"));
  }

  /** Waits until this driver has it; or any, when that is null. */
  private String awaitDriver(PciAddress address, @Nullable String wanted) throws IOException {
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (true) {
      String driver = driver(address);
      if (driver != null && (wanted == null || driver.equals(wanted))) {
        return driver;
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new IOException(
            "%s: %s within %d s; the kernel's log (dmesg) says why"
                .formatted(
                    address,
                    wanted == null ? "no driver took it" : wanted + " did not take it",
                    limit.toSeconds()));
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
