package io.millrace.vm;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One QEMU with the test guest in it. The guest runs the script it was started with ({@code
 * vm-tests/guest/init} has the functions it may use) and reports by lines; the console, QEMU's
 * messages and the report are kept as {@code NAME-console.log}, {@code NAME-qemu.log} and {@code
 * NAME-report.log}.
 */
final class Guest {
  /** Generous: a boot takes 3 to 6 s on an idle machine, several times that on a busy one. */
  static final Duration LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final GuestLog log;
  private final Path qmpSocket;

  private Guest(Process process, GuestLog log, Path qmpSocket) {
    this.process = process;
    this.log = log;
    this.qmpSocket = qmpSocket;
  }

  static Builder named(String name) {
    return new Builder(name);
  }

  /**
   * Waits for the next report line with this prefix and returns its rest. A failure reported
   * meanwhile fails the test.
   */
  String await(String prefix) throws InterruptedException {
    return log.await(prefix, LIMIT);
  }

  /** Sends the guest's script a line, to its second serial port. */
  void tell(String line) throws IOException {
    OutputStream port = process.getOutputStream();
    port.write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    port.flush();
  }

  /** Waits until the script has ended without a failure and QEMU has gone. */
  void awaitEnd() throws InterruptedException {
    await("END");
    if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError("QEMU did not end well after the guest's power-off");
    }
  }

  /** The report so far. */
  List<String> report() {
    return log.lines();
  }

  /** The value of the line {@code INFO KEY VALUE}. */
  String info(String key) {
    String start = "INFO " + key + " ";
    return log.lines().stream()
        .filter(line -> line.startsWith(start))
        .map(line -> line.substring(start.length()).strip())
        .findFirst()
        .orElseThrow(() -> new AssertionError("the guest reported no " + key));
  }

  /** The highest generation that {@code blkload rounds} reported as flushed. */
  long durableGeneration() {
    return log.lines().stream()
        .filter(line -> line.startsWith("durable "))
        .mapToLong(line -> Long.parseLong(line.substring("durable ".length())))
        .max()
        .orElseThrow(() -> new AssertionError("the guest reported nothing durable"));
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL, as a host that runs out of memory would do it; returns when QEMU is gone. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /** Runs one QMP command and returns its answer as text. */
  String qmp(String command) throws IOException, InterruptedException {
    try (Qmp qmp = qmp()) {
      return qmp.execute(command).toString();
    }
  }

  /** QEMU's machine protocol, for the caller to close; one at a time. */
  Qmp qmp() throws IOException, InterruptedException {
    return Qmp.connect(qmpSocket);
  }

  /** What QEMU is started with. */
  static final class Builder {
    private final String name;
    private final List<String> devices = new ArrayList<>();
    private int cpus = 2;
    private String ram = "256M";
    private String memory = ram;
    private String backend = "memory-backend-memfd";
    private boolean iommu;
    private boolean reboots;
    private boolean bootsFromDisk;
    private String script = "";

    private Builder(String name) {
      this.name = name;
    }

    /**
     * A disk behind this socket of the lab's folder, with so many queues; the first is {@code
     * /dev/vda}.
     */
    Builder disk(String socket, int queues) {
      return disk(socket, "", queues, "");
    }

    /** As {@link #disk}, with more properties of QEMU's device: {@code packed=on}, say. */
    Builder disk(String socket, int queues, String properties) {
      return disk(socket, "", queues, "," + properties);
    }

    /** As {@link #disk}, but QEMU connects again, each second, when the back-end has gone. */
    Builder reconnectingDisk(String socket, int queues, String properties) {
      return disk(socket, ",reconnect=1", queues, "," + properties);
    }

    /** As {@link #disk}, but QEMU listens there, and the back-end is to connect. */
    Builder listeningDisk(String socket, int queues) {
      return disk(socket, ",server=on,wait=off", queues, "");
    }

    private Builder disk(String socket, String how, int queues, String properties) {
      String id = "disk" + devices.size();
      devices.addAll(
          List.of(
              "-chardev",
              "socket,id=%s,path=%s%s".formatted(id, socket, how),
              "-device",
              "vhost-user-blk-pci,chardev=%s,num-queues=%d%s".formatted(id, queues, properties)));
      return this;
    }

    /** A SCSI controller behind this socket, with so many request queues. */
    Builder scsi(String socket, int queues) {
      return scsi(socket, queues, "packed=off");
    }

    /** As {@link #scsi}, with more properties of QEMU's device. */
    Builder scsi(String socket, int queues, String properties) {
      String id = "scsi" + devices.size();
      devices.addAll(
          List.of(
              "-chardev",
              "socket,id=%s,path=%s".formatted(id, socket),
              "-device",
              "vhost-user-scsi-pci,chardev=%s,num_queues=%d,%s".formatted(id, queues, properties)));
      return this;
    }

    /** A PCI Express root port of this name, to plug one device into while the guest runs. */
    Builder port(String id) {
      devices.addAll(
          List.of(
              "-device",
              "pcie-root-port,id=%s,chassis=%d,slot=%2$d".formatted(id, devices.size() + 1)));
      return this;
    }

    /**
     * The firmware boots the first disk; otherwise QEMU brings the test guest's kernel.
     *
     * @param firmware QEMU's options that name it; none for SeaBIOS
     */
    Builder bootsFromDisk(String... firmware) {
      bootsFromDisk = true;
      devices.addAll(List.of(firmware));
      return this;
    }

    Builder cpus(int count) {
      cpus = count;
      return this;
    }

    /** QEMU's {@code -m}, of 256 MiB and slots for more. */
    Builder memory(String option) {
      memory = option;
      return this;
    }

    /** More than the usual 256 MiB, without slots: QEMU's word for a size. */
    Builder ram(String size) {
      ram = size;
      memory = size;
      return this;
    }

    /** The guest's memory is this file, which another machine may have too. */
    Builder memoryFile(Path file) {
      backend = "memory-backend-file,mem-path=" + file;
      return this;
    }

    /** An IOMMU that the guest's kernel uses for its devices, and for itself. */
    Builder iommu() {
      iommu = true;
      return this;
    }

    /** The distribution and the C library that it needs, read-only: a disk of the guest's QEMU. */
    Builder programDisk() {
      return readOnlyDisk(Path.of(GuestImage.run("programdisk.sh")).resolve("program.img"));
    }

    /** The programs of a script that ends in {@code tools.sh}: a disk of the guest's QEMU. */
    Builder tools(String toolsScript) {
      return readOnlyDisk(Path.of(GuestImage.run(toolsScript)));
    }

    private Builder readOnlyDisk(Path image) {
      String id = "disk" + devices.size();
      devices.addAll(
          List.of(
              "-drive",
              "file=%s,if=none,format=raw,readonly=on,id=%s".formatted(image, id),
              "-device",
              "virtio-blk-pci,drive=" + id));
      return this;
    }

    /** An NVMe controller with this image of the lab's folder, in a root port of its own. */
    Builder nvme(String image, String serial) {
      port("port-" + serial);
      devices.addAll(
          List.of(
              "-drive",
              "file=%s,if=none,format=raw,id=drive-%s".formatted(image, serial),
              "-device",
              "nvme,drive=drive-%s,serial=%1$s,bus=port-%1$s,id=%1$s".formatted(serial)));
      return this;
    }

    /** The guest may reboot inside its QEMU; otherwise a reboot, and a panic too, ends QEMU. */
    Builder reboots() {
      reboots = true;
      return this;
    }

    /** The shell script that the guest runs at each boot. */
    Builder script(String text) {
      script = text;
      return this;
    }

    Guest start(Lab lab) throws IOException {
      Path qmpSocket = lab.shortPath(name + ".qmp");
      List<String> command = command(lab, GuestImage.get().accelerator(), "stdio");
      command.addAll(List.of("-qmp", "unix:" + qmpSocket + ",server=on,wait=off"));
      Process process = lab.start(command, name + "-qemu.log", true);
      GuestLog log = GuestLog.read(process, lab.folder(), name);
      return new Guest(process, log, qmpSocket);
    }

    /**
     * The command of a QEMU that somebody else starts in the lab's folder.
     *
     * @param report QEMU's word for where the guest's report goes: {@code stdio}, {@code unix:PATH}
     */
    List<String> command(Lab lab, String accelerator, String report) throws IOException {
      GuestImage image = GuestImage.get();
      Files.writeString(lab.path(name + ".sh"), script, StandardCharsets.UTF_8);
      List<String> command = new ArrayList<>();
      command.addAll(
          List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"));
      if (!reboots) {
        command.add("-no-reboot");
      }
      command.addAll(
          List.of(
              "-machine",
              "q35,accel=" + accelerator + ",memory-backend=mem" + irqchip(accelerator),
              "-cpu",
              "max",
              "-smp",
              Integer.toString(cpus),
              "-m",
              memory,
              "-object",
              backend + ",id=mem,size=" + ram + ",share=on"));
      if (iommu) { // before the devices behind it
        command.addAll(List.of("-device", "intel-iommu,caching-mode=on,intremap=on"));
      }
      if (!bootsFromDisk) {
        command.addAll(
            List.of(
                "-kernel",
                image.kernel().toString(),
                "-initrd",
                image.initrd().toString(),
                "-append",
                kernelOptions()));
      }
      command.addAll(
          List.of(
              "-fw_cfg",
              "name=opt/millrace/test.sh,file=" + name + ".sh",
              "-serial",
              "file:" + name + "-console.log",
              "-serial",
              report));
      command.addAll(devices);
      return command;
    }

    /** Interrupt remapping needs the IO-APIC in QEMU, where TCG has it anyway. */
    private String irqchip(String accelerator) {
      return iommu && accelerator.equals("kvm") ? ",kernel-irqchip=split" : "";
    }

    private String kernelOptions() {
      return "console=ttyS0 quiet no_timer_check panic="
          + (reboots ? "0" : "-1")
          + (iommu ? " intel_iommu=on" : "");
    }
  }
}
