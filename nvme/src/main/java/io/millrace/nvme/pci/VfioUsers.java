package io.millrace.nvme.pci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The processes that have an IOMMU group open, as far as this one may look into others. */
final class VfioUsers {
  private final HostFiles files;

  VfioUsers(HostFiles files) {
    this.files = files;
  }

  /** Each as {@code process 4711 (java)}. */
  List<String> of(int group) {
    Path device = Path.of("/dev/vfio/" + group);
    List<String> users = new ArrayList<>();
    for (Path process : HostFiles.entries(files.proc())) {
      String pid = process.getFileName().toString();
      if (Character.isDigit(pid.charAt(0)) && hasOpen(process, device)) {
        String name = String.join(" ", HostFiles.lines(process.resolve("comm")));
        users.add("process " + pid + " (" + name + ")");
      }
    }
    return users;
  }

  private static boolean hasOpen(Path process, Path device) {
    for (Path descriptor : HostFiles.entries(process.resolve("fd"))) {
      try {
        if (Files.readSymbolicLink(descriptor).equals(device)) {
          return true;
        }
      } catch (IOException _) {
        // Closed since it was listed.
      }
    }
    return false;
  }
}
