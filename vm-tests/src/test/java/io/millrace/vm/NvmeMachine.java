package io.millrace.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A QEMU whose processor stands still, for the NVMe controller in it, {@code nvme0}; it has a
 * guest's memory plugged in as its own. Its log is {@code drive.log} in the lab's folder.
 */
final class NvmeMachine {
  private static final long UNPLUG_NANOS = TimeUnit.SECONDS.toNanos(30);
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
    NvmeMachine machine = new NvmeMachine(Files.createDirectory(lab.shortPath("drive")));
    List<String> command =
        new ArrayList<>(
            List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"));
    // Of a pc's bus 0, unlike a q35's, a device can be pulled out.
    add(command, "-accel", "tcg", "-S", "-machine", "pc,memory-backend=mem");
    add(command, "-m", RAM_BYTES / (1 << 20) + "M,slots=1,maxmem=1G");
    add(command, "-object", file("mem", RAM_BYTES, lab.memoryPath("drive", RAM_BYTES)));
    add(command, "-object", file("guest", memoryBytes, memory));
    add(command, "-device", "pc-dimm,memdev=guest");
    // Without a subsystem, QEMU's namespaces cannot be detached.
    add(command, "-device", "nvme-subsys,id=subsystem");
    add(command, "-device", "nvme,serial=millrace,subsys=subsystem,id=" + CONTROLLER);
    for (String namespace : namespaces) {
      machine.addNamespace(command, namespace);
    }
    add(command, "-qtest", machine.socket("qtest"), "-qtest-log", "none");
    add(command, "-qmp", machine.socket("qmp"));
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

  private static void add(List<String> command, String... words) {
    Collections.addAll(command, words);
  }

  private void addNamespace(List<String> command, String namespace) {
    int comma = namespace.indexOf(',');
    String drive = "drive" + command.size();
    String image = namespace.substring(0, comma);
    add(command, "-drive", "file=%s,if=none,format=raw,id=%s".formatted(image, drive));
    add(
        command,
        "-device",
        "nvme-ns,bus=%s,drive=%s%s".formatted(CONTROLLER, drive, namespace.substring(comma)));
  }

  private String socket(String name) {
    return "unix:" + directory.resolve(name + ".sock") + ",server=on,wait=off";
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
      awaitUnplugged(qmp);
    }
  }

  /**
   * Waits until the device is in no bus. DEVICE_DELETED comes later, when QEMU has let go of the
   * last piece of it: with its processor stopped that may take for ever.
   */
  private static void awaitUnplugged(Qmp qmp) throws IOException, InterruptedException {
    long deadlineNanos = System.nanoTime() + UNPLUG_NANOS;
    while (monitor(qmp, "info qtree").contains("id \"" + CONTROLLER + "\"")) {
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new AssertionError("QEMU has not unplugged " + CONTROLLER);
      }
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
