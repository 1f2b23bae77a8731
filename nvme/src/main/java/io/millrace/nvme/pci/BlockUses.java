package io.millrace.nvme.pci;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What uses the namespaces of a controller that is with the kernel's driver nvme, by sysfs
 * (Documentation/ABI/stable/sysfs-block), {@code mountinfo} and {@code swaps}.
 */
final class BlockUses {
  private static final Logger LOG = LoggerFactory.getLogger(BlockUses.class);

  /** {@code nvme0n1}; or {@code nvme0c1n1}, one path to it, which is not the disk itself. */
  private static final Pattern NAMESPACE = Pattern.compile("nvme(\\d+)(?:c\\d+)?n(\\d+)");

  private static final int MOUNT_DEVICE = 2; // fields of mountinfo, see proc_pid_mountinfo(5)
  private static final int MOUNT_POINT = 4;
  private static final int MOUNT_FIELDS = 6;

  private final HostFiles files;
  private final HostKernel kernel;

  BlockUses(HostFiles files, HostKernel kernel) {
    this.files = files;
    this.kernel = kernel;
  }

  /** Names of the controller's disks. */
  List<String> disks(PciAddress address) {
    TreeSet<String> disks = new TreeSet<>();
    for (Path controller : HostFiles.entries(files.function(address).resolve("nvme"))) {
      for (Path child : HostFiles.entries(controller)) {
        Matcher name = NAMESPACE.matcher(child.getFileName().toString());
        if (name.matches()) {
          disks.add("nvme" + name.group(1) + "n" + name.group(2));
        }
      }
    }
    return List.copyOf(disks);
  }

  /** Each use in words, of the disks and of their partitions. */
  List<String> of(PciAddress address) {
    List<String> uses = new ArrayList<>();
    for (String disk : disks(address)) {
      List<String> found = ofDisk(disk);
      if (found.isEmpty() && isClaimed(disk)) {
        found = List.of(disk + " opened for exclusive use");
      }
      uses.addAll(found);
    }
    return uses;
  }

  private List<String> ofDisk(String disk) {
    List<String> uses = new ArrayList<>();
    Path folder = files.sys().resolve("class/block").resolve(disk);
    ofDevice(folder, uses);
    for (Path child : HostFiles.entries(folder)) {
      if (Files.exists(child.resolve("partition"))) {
        ofDevice(child, uses);
      }
    }
    return uses;
  }

  private void ofDevice(Path folder, List<String> uses) {
    String name = folder.getFileName().toString();
    String number = String.join("", HostFiles.lines(folder.resolve("dev")));
    for (String line : HostFiles.lines(files.proc().resolve("self/mountinfo"))) {
      String[] fields = line.split(" ", -1);
      if (fields.length > MOUNT_FIELDS && isOf(line, fields[MOUNT_DEVICE], name, number)) {
        uses.add(name + " mounted at " + fields[MOUNT_POINT]);
      }
    }
    for (String line : HostFiles.lines(files.proc().resolve("swaps"))) {
      if (line.startsWith("/dev/" + name + " ") || line.startsWith("/dev/" + name + "\t")) {
        uses.add(name + " used as swap");
      }
    }
    for (Path holder : HostFiles.entries(folder.resolve("holders"))) {
      uses.add(name + " held by " + holder.getFileName());
    }
  }

  /** By number; btrfs has numbers of its own, but names its device as the source, behind a dash. */
  private static boolean isOf(String line, String device, String name, String number) {
    if (device.equals(number)) {
      return true;
    }
    int dash = line.indexOf(" - ");
    return dash >= 0 && List.of(line.substring(dash).split(" ", -1)).contains("/dev/" + name);
  }

  /** The second disk of a btrfs, ZFS and others show nowhere else. */
  private boolean isClaimed(String disk) {
    try {
      claim(disk).close();
      return false;
    } catch (LinuxException e) {
      LOG.debug("{}", e.getMessage());
      return e.errno() == Errno.EBUSY;
    }
  }

  /**
   * Takes a disk, so that nobody can mount it or any partition of it until the result is closed.
   *
   * @throws LinuxException EBUSY when somebody has it
   */
  FileDescriptor claim(String disk) throws LinuxException {
    return kernel.claim(files.dev().resolve(disk));
  }
}
