package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.scsi.TaskManagement.Function;
import io.millrace.scsi.TaskManagement.Response;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A target "t" with a disk at LUN 0 whose reads and writes take as long as a test says, and a quick
 * one at LUN 1; initiator a has two ways to them, as by two reactors, and b has one.
 */
final class SlowRig implements AutoCloseable {
  static final String READ = "28 00 00 00 00 00 00 00 01 00";
  static final String READY = "00 00 00 00 00 00";
  private static final int STEPS = 10_000;

  final ScsiRig rig;
  final Bdev slow;
  final Bdev quick;
  final Nexus a;
  final Nexus b;
  final NexusPaths a1;
  final NexusPaths a2;
  final NexusPaths b1;

  /**
   * Everything there, and nobody has to be told of anything.
   *
   * @param millis what a read or write takes; a step of the rig is one
   */
  SlowRig(long millis) throws Exception {
    rig = new ScsiRig();
    rig.malloc("base");
    quick = rig.malloc("quick");
    Map<Latency, Long> latency = new EnumMap<>(Latency.class);
    for (Latency each : Latency.values()) {
      latency.put(each, millis * 1000);
    }
    slow = DelayBdev.create(rig.bdevs, "base", "slow", null, latency);
    rig.bdevs.register(slow);
    rig.add("t", 0, slow, false);
    rig.add("t", 1, quick, false);
    a = new Nexus(new InitiatorPort("a"), rig.target("t"));
    b = new Nexus(new InitiatorPort("b"), rig.target("t"));
    a1 = a.pathsOn(rig.reactor);
    a2 = a.pathsOn(rig.reactor);
    b1 = b.pathsOn(rig.reactor);
    settle();
    a2.find(0);
  }

  void settle() {
    for (int lun = 0; lun < 2; lun++) {
      for (NexusPaths each : List.of(a1, b1)) {
        for (int i = 0; i < UnitAttention.values().length; i++) {
          until(submit(each.find(lun), READY));
        }
      }
    }
  }

  ScsiRig.Task submit(LunPath path, String cdb, byte... out) {
    return submit(path, cdb, 0, TaskAttribute.SIMPLE, out);
  }

  ScsiRig.Task submit(LunPath path, String cdb, long tag, TaskAttribute attribute, byte... out) {
    ScsiRig.Task task = new ScsiRig.Task(rig.memory.address());
    fill(task, cdb, tag, attribute);
    path.prepare(task);
    task.bring(out);
    path.submit(task);
    return task;
  }

  static void fill(ScsiTask task, String cdb, long tag, TaskAttribute attribute) {
    byte[] bytes = HexFormat.of().parseHex(cdb.replace(" ", ""));
    Arrays.fill(task.cdb(), (byte) 0);
    System.arraycopy(bytes, 0, task.cdb(), 0, bytes.length);
    task.begin(tag, attribute);
  }

  ScsiRig.Result until(ScsiRig.Task task) {
    for (int i = 0; !task.over; i++) {
      if (i == STEPS) {
        throw new AssertionError("does not end: " + task);
      }
      rig.step();
    }
    return task.result();
  }

  void steps(int count) {
    for (int i = 0; i < count; i++) {
      rig.step();
    }
  }

  /** Does a task management function, and waits for its answer. */
  Response manage(Function function, Nexus nexus, int lun, long tag) {
    AtomicReference<Response> answer = new AtomicReference<>();
    TaskManagement.perform(
        function,
        nexus,
        lun,
        tag,
        rig.reactor,
        response -> {
          if (answer.getAndSet(response) != null) {
            throw new AssertionError("answered twice");
          }
        });
    for (int i = 0; answer.get() == null; i++) {
      if (i == STEPS) {
        throw new AssertionError("no answer to " + function);
      }
      rig.step();
    }
    return answer.get();
  }

  @Override
  public void close() {
    a1.close();
    a2.close();
    b1.close();
    a.close();
    b.close();
    rig.close();
  }
}
