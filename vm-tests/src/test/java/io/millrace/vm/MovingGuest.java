package io.millrace.vm;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A test guest that moves from one QEMU to the next, all on this machine, all with the disk behind
 * {@code vm0.sock}. The QEMUs are {@code guest0}, {@code guest1} and so on, each with its own logs:
 * what a guest says after a move stands in the next one's report.
 */
final class MovingGuest {
  /** What a move may end with, QEMU's words. */
  private static final Set<String> ENDS = Set.of("completed", "failed", "cancelled");

  private static final String OWN_MEMORY = "memory-backend-memfd,id=mem,size=256M,share=on";
  private static final int RING_PACKED = 34;
  private static final Pattern FLAGS = Pattern.compile("RFL=(\\w+)");
  private static final long INTERRUPT_FLAG = 1 << 9;
  private static final int LOOKS = 10;

  /** How its disk is plugged into a QEMU. */
  interface Plug {
    /**
     * Adds the device behind {@code vm0.sock}.
     *
     * @param properties of QEMU's device: the ring format
     */
    Guest.Builder into(Guest.Builder guest, String properties);
  }

  private final Lab lab;
  private final Plug plug;
  private final String ring;
  private final int cpus;
  private final String script;
  private final List<Qemu> started = new ArrayList<>();
  private Qemu here;

  /**
   * Boots it, with a block device.
   *
   * @param memoryFile its memory; null for one that no other QEMU sees
   */
  MovingGuest(Lab lab, String ring, int cpus, Path memoryFile, String script)
      throws IOException, InterruptedException {
    this(lab, (guest, its) -> guest.disk("vm0.sock", 2, its), ring, cpus, memoryFile, script);
  }

  /** Boots one with another device. */
  MovingGuest(Lab lab, Plug plug, String ring, int cpus, Path memoryFile, String script)
      throws IOException, InterruptedException {
    this.lab = lab;
    this.plug = plug;
    this.ring = ring;
    this.cpus = cpus;
    this.script = script;
    here = start(memoryFile, ring, List.of());
  }

  /** Where it runs. */
  Qemu here() {
    return here;
  }

  /** A QEMU like the first that waits for it. */
  Qemu destination(Path memoryFile) throws IOException, InterruptedException {
    return destination(memoryFile, ring);
  }

  /**
   * As {@link #destination(Path)}, with a disk of this ring format, which should be the first's.
   */
  Qemu destination(Path memoryFile, String itsRing) throws IOException, InterruptedException {
    return start(memoryFile, itsRing, List.of("-incoming", "defer"));
  }

  /** Moves it; the QEMU it leaves ends. */
  void moveTo(Qemu next) throws IOException, InterruptedException {
    begin(next);
    String status = here.awaitMigration(ENDS);
    if (!status.equals("completed")) {
      throw new AssertionError("the move " + status + ": " + here.execute("query-migrate"));
    }
    here.kill();
    here = next;
  }

  /** Has a move begin, and returns while it goes on. */
  void begin(Qemu next) throws IOException, InterruptedException {
    String address = "unix:" + lab.shortPath("move" + started.size());
    shareMemory(next);
    next.execute("migrate-incoming", Map.of("uri", address));
    here.execute("migrate", Map.of("uri", address));
  }

  /** Has a move to there leave the memory where it is, if it is in a file that both have. */
  void shareMemory(Qemu next) throws IOException, InterruptedException {
    boolean shared = next.memoryFile() != null && next.memoryFile().equals(here.memoryFile());
    here.setCapability("x-ignore-shared", shared);
    next.setCapability("x-ignore-shared", shared);
  }

  /** Returns when a line of this kind came twice since the last wait here: the first may be old. */
  void awaitMore(String prefix) throws InterruptedException {
    here.log.await(prefix, Guest.LIMIT);
    here.log.await(prefix, Guest.LIMIT);
  }

  /** Whether driver and device agreed on packed rings. */
  boolean hasPackedRings() throws InterruptedException {
    return here.log.await("INFO features ", Guest.LIMIT).charAt(RING_PACKED) == '1';
  }

  /** What it reported, wherever it was. */
  List<String> report() {
    return started.stream().flatMap(qemu -> qemu.log.lines().stream()).toList();
  }

  /** The highest generation that {@code blkload rounds} reported as flushed. */
  long durableGeneration() {
    return report().stream()
        .filter(line -> line.matches("durable \\d+")) // a move may cut a line in two
        .mapToLong(line -> Long.parseLong(line.substring("durable ".length())))
        .max()
        .orElseThrow(() -> new AssertionError("the guest reported nothing durable"));
  }

  /** Whether its kernel crashed, by one of the consoles. */
  boolean crashed() {
    return started.stream()
        .map(qemu -> Lab.read(lab.path(qemu.name + "-console.log")))
        .anyMatch(
            console -> console.matches("(?s).*(Kernel panic|BUG:|Oops|Bad page|Call Trace).*"));
  }

  /**
   * Whether its kernel goes round and round with interrupts off: memory of its own is broken then,
   * and nothing that a device does would be noticed.
   */
  boolean spins() throws IOException, InterruptedException {
    for (int i = 0; i < LOOKS; i++) {
      if (isInterruptible()) {
        return false;
      }
    }
    return true;
  }

  private boolean isInterruptible() throws IOException, InterruptedException {
    Map<String, ?> registers = Map.of("command-line", "info registers");
    String all = here.execute("human-monitor-command", registers).asString("");
    Matcher flags = FLAGS.matcher(all);
    if (!flags.find()) {
      throw new AssertionError("no flags in " + all);
    }
    return (Long.parseLong(flags.group(1), 16) & INTERRUPT_FLAG) != 0;
  }

  /** Notes, in a log, what virtual CPU and rings were doing: for a guest that says nothing. */
  void noteState() {
    StringBuilder state = new StringBuilder();
    note(state, "query-status", Map.of());
    note(state, "human-monitor-command", Map.of("command-line", "info registers"));
    note(state, "human-monitor-command", Map.of("command-line", "info registers"));
    try {
      for (JsonNode device : here.execute("x-query-virtio")) {
        String path = device.path("path").asString("");
        for (int queue = 0; queue < 2; queue++) {
          Map<String, Object> which = Map.of("path", path, "queue", queue);
          note(state, "x-query-virtio-queue-status", which);
          note(state, "x-query-virtio-vhost-queue-status", which);
        }
      }
      Files.writeString(lab.path(here.name + "-state.log"), state);
    } catch (IOException | InterruptedException e) {
      System.out.println("no state of " + here.name + ": " + e + "\n" + state);
    }
  }

  private void note(StringBuilder state, String command, Map<String, ?> arguments) {
    try {
      state.append(command).append(' ').append(here.execute(command, arguments)).append('\n');
    } catch (IOException | InterruptedException e) {
      state.append(command).append(": ").append(e.getMessage()).append('\n');
    }
  }

  /** Ends every QEMU. */
  void kill() throws InterruptedException {
    for (Qemu qemu : started) {
      qemu.kill();
    }
  }

  private Qemu start(Path memoryFile, String itsRing, List<String> more)
      throws IOException, InterruptedException {
    String name = "guest" + started.size();
    List<String> command =
        plug.into(Guest.named(name).cpus(cpus), itsRing)
            .script(script)
            .command(lab, GuestImage.get().accelerator(), "stdio");
    if (memoryFile != null) {
      String shared = "memory-backend-file,id=mem,size=256M,share=on,mem-path=" + memoryFile;
      command.set(command.indexOf(OWN_MEMORY), shared);
    }
    // Debian's kernel clears each page that it takes, which marks it as written by the processor:
    // then nobody would see that a log has not marked what the disk wrote into it.
    command.replaceAll(word -> word.startsWith("console=") ? word + " init_on_alloc=0" : word);
    Path socket = lab.shortPath(name + ".qmp");
    Files.deleteIfExists(socket); // of a guest before this one
    command.addAll(List.of("-qmp", "unix:" + socket + ",server=on,wait=off"));
    command.addAll(more);
    Process process = lab.start(command, name + "-qemu.log", true);
    GuestLog log = GuestLog.read(process, lab.folder(), name);
    AtomicReference<Qmp> qmp = new AtomicReference<>();
    Await.until(name + " to take QMP", Guest.LIMIT, () -> connects(socket, process, qmp));
    Qemu qemu = new Qemu(name, process, log, qmp.get(), memoryFile);
    started.add(qemu);
    return qemu;
  }

  /** The socket is there a moment before QEMU listens. */
  private static boolean connects(Path socket, Process process, AtomicReference<Qmp> qmp) {
    if (!process.isAlive()) {
      throw new AssertionError("QEMU ended with exit code " + process.exitValue());
    }
    try {
      qmp.set(Qmp.connect(socket));
      return true;
    } catch (SocketException e) {
      return false;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("no QMP at " + socket, e);
    }
  }

  /**
   * One QEMU.
   *
   * @param memoryFile the guest's memory; null for one of its own
   */
  record Qemu(String name, Process process, GuestLog log, Qmp qmp, Path memoryFile) {
    JsonNode execute(String command) throws IOException, InterruptedException {
      return qmp.execute(command);
    }

    JsonNode execute(String command, Map<String, ?> arguments)
        throws IOException, InterruptedException {
      return qmp.execute(command, arguments);
    }

    /** Switches something that both sides of a move have to agree on. */
    void setCapability(String name, boolean on) throws IOException, InterruptedException {
      execute(
          "migrate-set-capabilities",
          Map.of("capabilities", List.of(Map.of("capability", name, "state", on))));
    }

    /** How fast a move from here may be. */
    void limitBandwidth(long bytesPerSecond) throws IOException, InterruptedException {
      qmp.execute("migrate-set-parameters", Map.of("max-bandwidth", bytesPerSecond));
    }

    /** Waits until the state of the move is one of these, and says which. */
    String awaitMigration(Set<String> states) {
      Await.until("a move to be one of " + states, Guest.LIMIT, () -> states.contains(status()));
      return status();
    }

    /** Waits until so much of the guest's memory is on its way. */
    void awaitSent(long bytes) {
      Await.until(
          "a move to have sent " + bytes + " bytes",
          Guest.LIMIT,
          () -> migration().path("ram").path("transferred").asLong(0) >= bytes);
    }

    boolean runs() throws IOException, InterruptedException {
      return qmp.execute("query-status").path("status").asString("").equals("running");
    }

    /** SIGKILL; returns when it is gone. */
    void kill() throws InterruptedException {
      process.toHandle().destroyForcibly();
      process.waitFor();
    }

    /** Returns when it has ended by itself. */
    void awaitEnd() throws InterruptedException {
      if (!process.waitFor(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError(name + " still runs");
      }
    }

    private String status() {
      return migration().path("status").asString("none");
    }

    private JsonNode migration() {
      try {
        return qmp.execute("query-migrate");
      } catch (IOException e) {
        throw new AssertionError(name + ": " + e.getMessage(), e);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }
  }
}
