package io.millrace.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A QEMU whose processor stands still, for the NVMe controller in it, {@code nvme0}; it has a
 * guest's memory plugged in as its own. Its log is {@code drive.log} in the lab's folder.
 */
final class NvmeMachine {
  private static final String CONTROLLER = "nvme0";
  private static final long RAM_BYTES = 64 << 20;

  private final Path directory;

  private NvmeMachine(Path directory) {
    this.directory = directory;
  }

  /**
   * Starts it; returns when it answers.
   *
   * @param memory the guest's memory file
   * @param namespaces images of the lab's folder, each with properties of its namespace
   */
  static NvmeMachine start(Lab lab, Path memory, long memoryBytes, String... namespaces)
      throws IOException {
    Path directory = Files.createDirectory(lab.shortPath("drive"));
    Path ram = lab.memoryPath("drive", RAM_BYTES);
    NvmeMachine machine = new NvmeMachine(directory);
    List<String> command =
        new ArrayList<>(
            List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"));
    // Of a pc's bus 0, unlike a q35's, a device can be pulled out.
    command.addAll(List.of("-accel", "tcg", "-S", "-machine", "pc,memory-backend=mem"));
    command.addAll(List.of("-m", RAM_BYTES / (1 << 20) + "M,slots=1,maxmem=1G"));
    command.addAll(List.of("-object", file("mem", RAM_BYTES, ram)));
    command.addAll(List.of("-object", file("guest", memoryBytes, memory)));
    command.addAll(List.of("-device", "pc-dimm,memdev=guest"));
    // Without a subsystem, QEMU's namespaces cannot be detached.
    command.addAll(List.of("-device", "nvme-subsys,id=subsystem"));
    command.addAll(List.of("-device", "nvme,serial=millrace,subsys=subsystem,id=" + CONTROLLER));
    for (int i = 0; i < namespaces.length; i++) {
      int comma = namespaces[i].indexOf(',');
      String image = namespaces[i].substring(0, comma);
      command.addAll(
          List.of(
              "-drive",
              "file=%s,if=none,format=raw,id=image%d".formatted(image, i),
              "-device",
              "nvme-ns,bus=%s,drive=image%d%s"
                  .formatted(CONTROLLER, i, namespaces[i].substring(comma))));
    }
    for (String socket : List.of("qtest", "qmp")) {
      Path path = directory.resolve(socket + ".sock");
      command.addAll(List.of("-" + socket, "unix:" + path + ",server=on,wait=off"));
    }
    command.addAll(List.of("-qtest-log", "none"));
    Process qemu = lab.start(command, "drive.log", false);
    Await.until(
        "QEMU with the controller to answer",
        Guest.LIMIT,
        () -> {
          if (!qemu.isAlive()) {
            throw new AssertionError("QEMU ended: " + Lab.read(lab.path("drive.log")));
          }
          return machine.answers();
        });
    return machine;
  }

  /** What the server calls the controller. */
  String address() {
    return "qtest:" + directory;
  }

  /** Pulls the controller out, with what the code of the machine's ACPI tables would do. */
  void unplug() throws IOException, InterruptedException {
    try (Qmp qmp = Qmp.connect(directory.resolve("qmp.sock"))) {
      qmp.execute("device_del", Map.of("id", CONTROLLER));
      monitor(qmp, "o/w 0xae10 0"); // bus 0
      String pending = monitor(qmp, "i/w 0xae04"); // slots to be ejected: portl[0xae04] = 0x4
      monitor(qmp, "o/w 0xae08 " + pending.substring(pending.lastIndexOf("0x")).strip());
      qmp.awaitDeleted(CONTROLLER);
    }
  }

  /** A line for the monitor that people use. */
  private static String monitor(Qmp qmp, String line) throws IOException, InterruptedException {
    return qmp.execute("human-monitor-command", Map.of("command-line", line)).asString("");
  }

  private boolean answers() {
    try (Qmp qmp = Qmp.connect(directory.resolve("qmp.sock"))) {
      return qmp.execute("query-status").has("status");
    } catch (IOException e) {
      return false; // not yet
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String file(String id, long bytes, Path path) {
    return "memory-backend-file,id=%s,share=on,size=%d,mem-path=%s".formatted(id, bytes, path);
  }
}
