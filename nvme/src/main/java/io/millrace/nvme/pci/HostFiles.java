package io.millrace.nvme.pci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the kernel shows the machine.
 *
 * @param sys {@code /sys}
 * @param proc {@code /proc}
 * @param dev {@code /dev}
 */
record HostFiles(Path sys, Path proc, Path dev) {
  static final HostFiles OF_THIS_MACHINE =
      new HostFiles(Path.of("/sys"), Path.of("/proc"), Path.of("/dev"));

  /** The folder of a function; it is there if the function is. */
  Path function(PciAddress address) {
    return sys.resolve("bus/pci/devices").resolve(address.toString());
  }

  /** The folder of a driver of PCI functions; it is there if the driver is loaded. */
  Path driver(String name) {
    return sys.resolve("bus/pci/drivers").resolve(name);
  }

  /** What is in a folder, by name; nothing if it does not exist, or goes away just now. */
  static List<Path> entries(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The name that a symbolic link ends in; null when there is no link. */
  static @Nullable String linkName(Path link) {
    try {
      return Files.readSymbolicLink(link).getFileName().toString();
    } catch (IOException e) {
      return null;
    }
  }

  /** The lines of a file; none when it cannot be read. */
  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}
