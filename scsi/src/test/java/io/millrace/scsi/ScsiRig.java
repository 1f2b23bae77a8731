package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Targets, disks in memory and initiators on one thread: a reactor that is stepped by hand, and a
 * transport that is a byte array.
 */
final class ScsiRig implements AutoCloseable {
  static final int BLOCK = 512;
  static final int BLOCKS = 4096;

  /** LUN of the REPORT LUNS well known logical unit. */
  static final int WELL_KNOWN = 0xc101;

  private static final int NEW = -1; // never accepted before
  private static final int MEMORY = 8 << 20;
  private static final int MOST_STEPS = 100_000;

  final Reactor reactor = Reactor.stepped("scsi");
  final BdevRegistry bdevs = new BdevRegistry();
  final LogicalUnits units;
  final Mapping memory;
  private final Map<String, ScsiTarget> targets = new TreeMap<>();
  private final Map<String, Nexus> nexuses = new TreeMap<>();
  private final Map<String, NexusPaths> paths = new TreeMap<>();
  private long now;

  /** Nothing yet. */
  ScsiRig() throws LinuxException {
    this(new LogicalUnits());
  }

  /** Nothing yet, with logical units that may remember something. */
  ScsiRig(LogicalUnits units) throws LinuxException {
    this.units = units;
    memory = Mapping.anonymous(MEMORY, false);
  }

  /**
   * A target "t" whose LUN 0 is a disk in memory, and an initiator "a" that knows of its power on.
   */
  static ScsiRig withDisk() throws Exception {
    ScsiRig rig = new ScsiRig();
    rig.add("t", 0, rig.malloc("disk"), false);
    rig.settle("a", "t", 0);
    return rig;
  }

  /** A disk in memory, 2 MiB. */
  Bdev malloc(String name) throws BdevException {
    UUID uuid = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    Bdev disk = MallocBdev.create(name, uuid, BLOCK, 4096, BLOCKS);
    bdevs.register(disk);
    return disk;
  }

  ScsiTarget target(String name) {
    return targets.computeIfAbsent(
        name, of -> new ScsiTarget(new TargetPort(of, targets.size() + 1)));
  }

  /** Has a disk at a LUN of a target. */
  LogicalUnit add(String target, int lun, Bdev disk, boolean readOnly) throws BdevException {
    BdevDescriptor opened = bdevs.open(disk.name(), !readOnly, new Steadfast());
    LogicalUnit unit = units.take(disk);
    target(target).add(lun, unit, opened, readOnly);
    return unit;
  }

  /** The way of an initiator, by its name, to a LUN of a target. */
  LunPath path(String initiator, String target, int lun) {
    String key = initiator + " " + target;
    Nexus nexus =
        nexuses.computeIfAbsent(key, of -> new Nexus(new InitiatorPort(initiator), target(target)));
    NexusPaths all = paths.computeIfAbsent(key, of -> nexus.pathsOn(reactor));
    return lun == WELL_KNOWN ? all.wellKnown() : all.find(lun);
  }

  /** Takes all unit attentions that are pending. */
  void settle(String initiator, String target, int lun) {
    for (int i = 0; i < UnitAttention.values().length; i++) {
      if (run(initiator, target, lun, "00 00 00 00 00 00").status() == ScsiStatus.GOOD) {
        return;
      }
    }
    throw new AssertionError("never ready");
  }

  /** How a command ended. */
  @SuppressWarnings("ArrayRecordComponent") // looked at, never compared
  record Result(int status, byte[] sense, byte[] data, Outcome outcome) {
    /** Sense key, ASC and ASCQ as {@code 5/24/00}; empty without sense data. */
    String condition() {
      if (sense.length == 0) {
        return "";
      }
      boolean fixed = (sense[0] & 0x7e) == 0x70;
      int at = fixed ? 12 : 2;
      return "%x/%02x/%02x".formatted(sense[fixed ? 2 : 1] & 0xf, sense[at], sense[at + 1]);
    }

    /** The field pointer of fixed sense data as {@code cdb 2 bit 7}; empty without one. */
    String field() {
      if (sense.length < 18 || (sense[15] & 0x80) == 0) {
        return "";
      }
      String where = (sense[15] & 0x40) != 0 ? "cdb" : "parameter";
      String bit = (sense[15] & 8) != 0 ? " bit " + (sense[15] & 7) : "";
      return where + " " + BigEndian.get16(sense, 16) + bit;
    }

    String hex() {
      return HexFormat.ofDelimiter(" ").formatHex(data);
    }
  }

  /** Does a command of initiator "a" at LUN 0 of target "t". */
  Result run(String cdb, byte... out) {
    return run("a", "t", 0, cdb, out);
  }

  /** Does a command; for one that reads, as much data comes back as it says. */
  Result run(String initiator, String target, int lun, String cdb, byte... out) {
    return finish(submit(initiator, target, lun, cdb, out));
  }

  private Result finish(Task task) {
    for (int i = 0; !task.over; i++) {
      if (i == MOST_STEPS) {
        throw new AssertionError("does not end: " + task);
      }
      step();
    }
    return task.result();
  }

  void step() {
    now += 1_000_000;
    reactor.runOnce(now);
  }

  /** Begins a command. Each has the same memory for its data. */
  Task submit(String initiator, String target, int lun, String cdb, byte... out) {
    return submit(path(initiator, target, lun), NEW, cdb, out);
  }

  /**
   * Does a command at LUN 0 of target "t" that was accepted before.
   *
   * @param milestone that it had reached then
   */
  Result runAgain(String initiator, int milestone, String cdb, byte... out) {
    return finish(submit(path(initiator, "t", 0), milestone, cdb, out));
  }

  private Task submit(LunPath path, int milestone, String cdb, byte... out) {
    Task task = new Task(memory.address());
    byte[] bytes = HexFormat.of().parseHex(cdb.replace(" ", ""));
    Arrays.fill(task.cdb(), (byte) 0);
    System.arraycopy(bytes, 0, task.cdb(), 0, bytes.length);
    task.begin(1, TaskAttribute.SIMPLE);
    if (milestone != NEW) {
      task.acceptedBefore(milestone);
    }
    path.prepare(task);
    task.bring(out);
    path.submit(task);
    return task;
  }

  /** A task whose transport is this rig. */
  static final class Task extends ScsiTask {
    private final long buffer;
    boolean over;

    Task(long buffer) {
      this.buffer = buffer;
    }

    void bring(byte[] out) {
      int bytes = (int) dataBytes();
      switch (phase()) {
        case NONE, ANSWER -> {}
        case PARAMETERS -> System.arraycopy(wanted(out, bytes), 0, parameters(), 0, bytes);
        case BLOCKS -> RawMemory.put(wanted(out, bytes), 0, bytes, blocks());
        case TO_DISK -> {
          RawMemory.put(wanted(out, bytes), 0, bytes, buffer);
          addPieces(bytes);
        }
        case FROM_DISK -> {
          RawMemory.fill(buffer, bytes, (byte) 0xee);
          addPieces(bytes);
        }
      }
    }

    private static byte[] wanted(byte[] out, int bytes) {
      if (out.length != bytes) {
        throw new AssertionError("%d bytes given, %d wanted".formatted(out.length, bytes));
      }
      return out;
    }

    private void addPieces(int bytes) {
      for (int at = 0; at < bytes; at += 1 << 16) {
        addSegment(buffer + at, Math.min(1 << 16, bytes - at));
      }
    }

    @Override
    protected void ended() {
      if (over) {
        throw new AssertionError("ended twice: " + this);
      }
      over = true;
    }

    Result result() {
      byte[] data = new byte[0];
      Answer answer = answerOrNull();
      if (phase() == DataPhase.FROM_DISK) {
        data = new byte[(int) movedBytes()];
        RawMemory.get(buffer, data, 0, data.length);
      } else if (answer != null) {
        data = Arrays.copyOf(answer.bytes(), answer.size());
      }
      return new Result(status(), Arrays.copyOf(sense(), senseBytes()), data, outcome());
    }
  }

  static final class Steadfast implements BdevListener {
    @Override
    public void removed() {
      // The rig's disks stay.
    }

    @Override
    public void resized() {
      // Nobody asks.
    }
  }

  @Override
  public void close() {
    paths.values().forEach(NexusPaths::close);
    nexuses.values().forEach(Nexus::close);
    reactor.close();
    memory.close();
  }
}
