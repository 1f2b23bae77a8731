package io.millrace.nvme.qtest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A QEMU with a machine that nobody runs, for {@link QtestPciDevice}. Its sockets, images and
 * memory are files in a directory of the test's; a test without QEMU fails.
 *
 * <pre>{@code
 * try (EmulatedMachine qemu = EmulatedMachine.in(directory).nvme("n0", 16 << 20).start()) {
 *   PciDevice device = QtestPciDevice.open(qemu.directory(), null);
 * }
 * }</pre>
 */
public final class EmulatedMachine implements AutoCloseable {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int FIELD_FLAGS = 3;
  private static final int FIELD_PATH = 7;
  private static final String LISTENING = "00010000"; // __SO_ACCEPTCON
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Process process;
  private final Path directory;

  private EmulatedMachine(Process process, Path directory) {
    this.process = process;
    this.directory = directory;
  }

  /** What to start. */
  public static final class Builder {
    private final Path directory;
    private final List<String> arguments = new ArrayList<>();
    private String machine = "q35";
    private int ramMebibytes = 64;
    private String share = "on";

    private Builder(Path directory) {
      this.directory = directory;
    }

    /** {@code q35}, or {@code pc}, where devices on the bus can be pulled out. */
    public Builder machine(String name) {
      machine = name;
      return this;
    }

    public Builder ramMebibytes(int mebibytes) {
      ramMebibytes = mebibytes;
      return this;
    }

    /** Its main memory cannot be reached from outside. */
    public Builder privateMemory() {
      share = "off";
      return this;
    }

    /** Plugs a file in as further memory, as if a guest's; it is made if it is not there. */
    public Builder guestMemory(Path file, long bytes) {
      return arguments(
          "-object",
          "memory-backend-file,id=guest,share=on,mem-path=%s,size=%d".formatted(file, bytes),
          "-device",
          "pc-dimm,memdev=guest");
    }

    /** An NVMe controller with serial number {@code id} and one namespace, an empty image. */
    public Builder nvme(String id, long bytes) throws IOException {
      return nvme(id, bytes, "");
    }

    /**
     * As {@link #nvme(String, long)}.
     *
     * @param options more for the controller, as {@code ,mdts=3} or {@code ,bus=port}
     */
    public Builder nvme(String id, long bytes, String options) throws IOException {
      return image(id, bytes)
          .arguments("-device", "nvme,serial=%s,id=%s%s".formatted(id, id, options))
          .arguments("-device", "nvme-ns,drive=%s-image,bus=%s".formatted(id, id));
    }

    /** A drive {@code ID-image}, empty, the file of that name in the directory. */
    public Builder image(String id, long bytes) throws IOException {
      Path image = directory.resolve(id + "-image");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(bytes);
      }
      return arguments(
          "-drive", "file=%s,format=raw,if=none,id=%s".formatted(image, image.getFileName()));
    }

    public Builder arguments(String... more) {
      Collections.addAll(arguments, more);
      return this;
    }

    public EmulatedMachine start() throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"));
      Collections.addAll(
          command, "-accel", "tcg", "-S", "-machine", machine + ",memory-backend=mem");
      Collections.addAll(command, "-m", ramMebibytes + "M,slots=4,maxmem=8G", "-object");
      command.add(
          "memory-backend-file,id=mem,share=%s,mem-path=%s,size=%dM"
              .formatted(share, directory.resolve("ram"), ramMebibytes));
      listen(command, "-qtest", QtestMachine.QTEST_SOCKET);
      listen(command, "-qmp", QtestMachine.QMP_SOCKET);
      Collections.addAll(command, "-qtest-log", "none");
      command.addAll(arguments);
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("qemu.log").toFile())
              .start();
      EmulatedMachine started = new EmulatedMachine(process, directory);
      started.awaitSockets();
      return started;
    }

    private void listen(List<String> command, String option, String socket) {
      Collections.addAll(
          command, option, "unix:%s,server=on,wait=off".formatted(directory.resolve(socket)));
    }
  }

  /** A machine in {@code directory}, to be described further. */
  public static Builder in(Path directory) {
    return new Builder(directory);
  }

  /** What {@link QtestPciDevice#open} wants. */
  public Path directory() {
    return directory;
  }

  /** What QEMU had to say, for messages. */
  public String log() throws IOException {
    return Files.readString(directory.resolve("qemu.log"));
  }

  /** Asks QEMU's monitor. */
  public JsonNode qmp(String command, Map<String, Object> arguments) throws IOException {
    try (QmpQuestions qmp = QmpQuestions.connect(directory.resolve(QtestMachine.QMP_SOCKET))) {
      return qmp.ask(command, JSON.valueToTree(arguments));
    }
  }

  /** A line for the monitor that people use; its answer. */
  public String monitor(String line) throws IOException {
    return qmp("human-monitor-command", Map.of("command-line", line)).asString("");
  }

  /**
   * Pulls a device out of a {@code pc}'s bus 0, with what the guest's ACPI code would do.
   *
   * @param id the device's
   */
  public void unplug(String id) throws IOException {
    qmp("device_del", Map.of("id", id));
    monitor("o/w 0xae10 0"); // bus 0
    String pending = monitor("i/w 0xae04"); // slots to be ejected: portl[0xae04] = 0x00000004
    monitor("o/w 0xae08 " + pending.substring(pending.lastIndexOf("0x")).strip());
    awaitThat(() -> !monitor("info qtree").contains("id \"" + id + "\""), id + " is unplugged");
  }

  /** Memory as the machine sees it. */
  public byte[] physicalMemory(long address, int bytes) throws IOException {
    Path dump = directory.resolve("dump");
    qmp("pmemsave", Map.of("val", address, "size", bytes, "filename", dump.toString()));
    return Files.readAllBytes(dump);
  }

  /** SIGSTOP: connected, and deaf. */
  public void stopResponding() throws IOException {
    signal("-STOP");
  }

  /** SIGCONT. */
  public void respondAgain() throws IOException {
    signal("-CONT");
  }

  private void signal(String name) throws IOException {
    new ProcessBuilder("kill", name, Long.toString(process.pid())).start().onExit().join();
  }

  /** SIGKILL, and gone. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private void awaitThat(Condition condition, String what) throws IOException {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!condition.holds()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        kill();
        throw new AssertionError("not so: " + what + "; QEMU says: " + log());
      }
      LockSupport.parkNanos(5_000_000);
    }
  }

  private void awaitSockets() throws IOException {
    awaitThat(() -> isListening(QtestMachine.QTEST_SOCKET), "QEMU listens for qtest");
    awaitThat(() -> isListening(QtestMachine.QMP_SOCKET), "QEMU listens for QMP");
    awaitThat(this::answers, "QEMU answers");
  }

  /** Whether it made the machine; before that it listens and does not answer. */
  private boolean answers() {
    try {
      return qmp("query-status", Map.of()).has("status");
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether somebody listens: the file is there from bind on, a while earlier. */
  private boolean isListening(String name) throws IOException {
    String socket = directory.resolve(name).toString();
    try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
      return sockets
          .map(line -> line.split(" +"))
          .anyMatch(field ->
              field.length > FIELD_PATH
                  && field[FIELD_PATH].equals(socket)
                  && field[FIELD_FLAGS].equals(LISTENING));
    }
  }

  @Override
  public void close() {
    kill();
  }
}
