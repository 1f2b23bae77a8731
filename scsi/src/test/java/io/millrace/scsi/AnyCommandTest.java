package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Task;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Commands of any bytes, on any LUN: each ends, with a status and sense data that may be. */
class AnyCommandTest {
  private static final int COMMANDS = Integer.getInteger("millrace.commands", 30_000);
  private static final int MOST_STEPS = 100_000;
  private static final int[] LUNS = {0, 1, 2, 9, ScsiRig.WELL_KNOWN};
  private static final Set<Integer> STATUSES =
      Set.of(
          ScsiStatus.GOOD,
          ScsiStatus.CHECK_CONDITION,
          ScsiStatus.CONDITION_MET,
          ScsiStatus.BUSY,
          ScsiStatus.RESERVATION_CONFLICT);

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    CachedDisk cached = new CachedDisk("cached");
    rig.bdevs.register(cached);
    rig.add("t", 1, cached, false);
    rig.add("t", 2, rig.bdevs.get("disk"), true);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void eachEndsAsItMay() {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int i = 0; i < COMMANDS; i++) {
      Task task = new Task(rig.memory.address());
      fill(task.cdb(), random);
      String what = "seed %d, command %d: %s".formatted(seed, i, Arrays.toString(task.cdb()));
      int lun = LUNS[random.nextInt(LUNS.length)];
      run(task, rig.path("a", "t", lun), random, what);
      check(task, what);
    }
  }

  /** A CDB that is half right: what may be set is, more or less, and now and then what may not. */
  private static void fill(byte[] cdb, Random random) {
    List<ScsiCommand> all = CommandTable.commands();
    ScsiCommand command = all.get(random.nextInt(all.size()));
    byte[] usage = command.usage();
    int density = random.nextInt(3);
    for (int i = 0; i < usage.length; i++) {
      boolean isFixed = i == 0 || (command.opcode() == 0x7f && i >= 7 && i <= 9);
      byte some =
          (byte) (density == 0 ? 0 : density == 1 ? 1 << random.nextInt(8) : random.nextInt());
      cdb[i] = (byte) (isFixed ? usage[i] : usage[i] & some);
    }
    if (command.serviceAction() != ScsiCommand.NO_ACTION && command.opcode() != 0x7f) {
      cdb[1] = (byte) ((cdb[1] & 0xe0) | command.serviceAction());
    }
    if (random.nextInt(8) == 0) {
      cdb[random.nextInt(usage.length)] = (byte) random.nextInt();
    }
  }

  private void run(Task task, LunPath path, Random random, String what) {
    task.begin(random.nextLong(), TaskAttribute.SIMPLE);
    path.prepare(task);
    byte[] out = new byte[(int) Math.min(task.dataBytes(), 8 << 20)];
    switch (task.phase()) {
      case PARAMETERS -> fillList(out, random);
      case BLOCKS, TO_DISK -> random.nextBytes(out);
      case NONE, ANSWER, FROM_DISK -> {}
    }
    task.bring(out);
    path.submit(task);
    for (int step = 0; !task.over; step++) {
      assertThat(step).as(what).isLessThan(MOST_STEPS);
      rig.step();
    }
  }

  /** Mostly small numbers: those of lengths, codes and counts. */
  private static void fillList(byte[] list, Random random) {
    for (int i = 0; i < list.length; i++) {
      list[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(32) : 0);
    }
  }

  private static void check(Task task, String what) {
    assertThat(task.status()).as(what).isIn(STATUSES);
    assertThat(task.senseBytes() > 0)
        .as(what)
        .isEqualTo(task.status() == ScsiStatus.CHECK_CONDITION);
    Answer answer = task.answerOrNull();
    if (task.phase() == DataPhase.ANSWER && answer != null) {
      assertThat((long) answer.size()).as(what).isLessThanOrEqualTo(task.dataBytes());
    }
  }
}
