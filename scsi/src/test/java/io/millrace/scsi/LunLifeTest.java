package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Logical units that go, and tasks that never come. */
class LunLifeTest {
  private static final int READ_STEPS = 20;

  private SlowRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = new SlowRig(READ_STEPS);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aUnitIsGoneOnceWhenNobodyUsesItAnyMore() {
    ScsiRig.Task task = rig.submit(rig.a1.find(0), SlowRig.READ);
    List<Boolean> gone = new ArrayList<>();
    LunPath path = rig.a1.find(0);
    LogicalUnit unit = path.unit();

    rig.rig.target("t").remove(0, () -> gone.add(task.over));
    rig.steps(3);
    assertThat(gone).isEmpty(); // though other ways are closed
    assertThat(rig.until(rig.submit(rig.a1.find(0), SlowRig.READY)).condition())
        .isEqualTo("5/25/00");
    assertThat(rig.until(rig.submit(path, SlowRig.READ)).condition()).isIn("5/25/00", "6/3f/0e");
    assertThat(rig.until(task).status()).isZero();
    rig.steps(3);

    assertThat(gone).containsExactly(true);
    assertThat(unit.paths()).isEmpty();
    assertThat(unit.nexuses()).isEmpty();
    assertThat(rig.a1.all()).doesNotContain(path);
  }

  @Test
  void aUnitThatNobodyHasUsedIsGoneAtOnce() throws BdevException {
    rig.rig.add("t", 2, rig.quick, false);
    List<String> gone = new ArrayList<>();

    rig.rig.target("t").remove(2, () -> gone.add("gone"));
    rig.steps(2);

    assertThat(gone).containsExactly("gone");
  }

  @Test
  void aTaskThatIsDroppedGivesItsMemoryBack() {
    LunPath path = rig.a1.find(1);
    for (long bytes = 0; bytes < 2 * BlockBuffer.MOST_BYTES; bytes += 1 << 20) {
      ScsiRig.Task task = new ScsiRig.Task(rig.rig.memory.address());
      SlowRig.fill(task, "2f 02 00 00 00 00 00 08 00 00", 1, TaskAttribute.SIMPLE);
      path.prepare(task);
      assertThat(task.phase()).isEqualTo(DataPhase.BLOCKS);
      task.abandon();
    }

    assertThat(rig.until(rig.submit(path, "2f 00 00 00 00 00 00 08 00 00")).status()).isZero();
  }

  @Test
  void whereThereIsNoMemoryACommandIsBusy() {
    LunPath path = rig.a1.find(1);
    List<ScsiTask> prepared = new ArrayList<>();
    for (long bytes = 0; bytes < BlockBuffer.MOST_BYTES; bytes += 1 << 20) {
      ScsiRig.Task task = new ScsiRig.Task(rig.rig.memory.address());
      SlowRig.fill(task, "2f 02 00 00 00 00 00 08 00 00", 1, TaskAttribute.SIMPLE);
      path.prepare(task);
      prepared.add(task);
    }

    String verify = "2f 02 00 00 00 00 00 00 01 00";
    assertThat(rig.until(rig.submit(path, verify)).status()).isEqualTo(ScsiStatus.BUSY);
    String verifyWithoutData = "2f 00 00 00 00 00 00 00 01 00";
    assertThat(rig.until(rig.submit(path, verifyWithoutData)).status()).isEqualTo(ScsiStatus.BUSY);

    prepared.forEach(ScsiTask::abandon);
    assertThat(rig.until(rig.submit(path, verify, new byte[512])).status()).isZero();
  }
}
