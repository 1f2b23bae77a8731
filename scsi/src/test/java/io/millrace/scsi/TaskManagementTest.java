package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.RangeLock;
import io.millrace.scsi.TaskManagement.Function;
import io.millrace.scsi.TaskManagement.Response;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Task management functions, with tasks in flight that end by themselves in a minute. */
class TaskManagementTest {
  private static final String SWAP = "89 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00";

  private SlowRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = new SlowRig(60_000);
  }

  @AfterEach
  void close() {
    for (int lun = 0; lun < 2; lun++) {
      rig.manage(Function.LOGICAL_UNIT_RESET, rig.a, lun, 0);
    }
    rig.close();
  }

  private ScsiRig.Task read(NexusPaths by, long tag) {
    return rig.submit(by.find(0), SlowRig.READ, tag, TaskAttribute.SIMPLE);
  }

  private String condition(NexusPaths by, int lun) {
    return rig.until(rig.submit(by.find(lun), SlowRig.READY)).condition();
  }

  @Test
  void abortTaskEndsTheOneWithTheTag() {
    ScsiRig.Task one = read(rig.a1, 7);
    ScsiRig.Task other = read(rig.a2, 8);
    ScsiRig.Task foreign = read(rig.b1, 7);

    assertThat(rig.manage(Function.ABORT_TASK, rig.a, 0, 7)).isEqualTo(Response.FUNCTION_COMPLETE);

    assertThat(one.over).isTrue();
    assertThat(one.outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(one.senseBytes()).isZero();
    assertThat(other.over).isFalse();
    assertThat(foreign.over).isFalse();
    assertThat(condition(rig.a1, 0)).isEmpty();
  }

  @Test
  void abortTaskOfNoneIsComplete() {
    assertThat(rig.manage(Function.ABORT_TASK, rig.a, 0, 7)).isEqualTo(Response.FUNCTION_COMPLETE);
  }

  @ParameterizedTest
  @EnumSource(names = {"ABORT_TASK_SET", "CLEAR_TASK_SET"})
  void theTaskSetIsThatOfTheNexusByAllItsWays(Function function) {
    List<ScsiRig.Task> own = List.of(read(rig.a1, 1), read(rig.a2, 2), read(rig.a1, 3));
    ScsiRig.Task foreign = read(rig.b1, 1);

    assertThat(rig.manage(function, rig.a, 0, 0)).isEqualTo(Response.FUNCTION_COMPLETE);

    assertThat(own).allMatch(task -> task.over && task.outcome() == Outcome.ABORTED);
    assertThat(foreign.over).isFalse();
    assertThat(condition(rig.b1, 0)).isEmpty();
  }

  @Test
  void aResetOfTheUnitEndsAllAndTellsAll() {
    LogicalUnit unit = rig.a1.find(0).unit();
    ModePages modes = unit.modes();
    modes.change(modes.current(), modes.current().withControl(true, false));
    List<ScsiRig.Task> all = List.of(read(rig.a1, 1), read(rig.a2, 2), read(rig.b1, 3));

    assertThat(rig.manage(Function.LOGICAL_UNIT_RESET, rig.a, 0, 0))
        .isEqualTo(Response.FUNCTION_COMPLETE);

    assertThat(all).allMatch(task -> task.over && task.outcome() == Outcome.RESET);
    assertThat(unit.modes().hasDescriptorSense()).isFalse();
    assertThat(condition(rig.a1, 0)).isEqualTo("6/29/03");
    assertThat(condition(rig.a1, 0)).isEmpty();
    assertThat(condition(rig.b1, 0)).isEqualTo("6/29/03");
    assertThat(condition(rig.b1, 1)).isEmpty();
  }

  @Test
  void aResetOfTheNexusEndsItsTasksAtAllUnits() {
    ScsiRig.Task one = read(rig.a1, 1);
    ScsiRig.Task writing =
        rig.submit(rig.a2.find(1), "41 00 00 00 00 00 00 10 00 00", Data.blocks(1, 1));
    ScsiRig.Task foreign = read(rig.b1, 1);

    assertThat(rig.manage(Function.I_T_NEXUS_RESET, rig.a, 9, 0))
        .isEqualTo(Response.FUNCTION_COMPLETE);

    assertThat(one.outcome()).isEqualTo(Outcome.RESET);
    assertThat(writing.outcome()).isEqualTo(Outcome.RESET);
    assertThat(foreign.over).isFalse();
    assertThat(condition(rig.a1, 0)).isEqualTo("6/29/07");
    assertThat(condition(rig.a1, 1)).isEqualTo("6/29/07");
    assertThat(condition(rig.b1, 0)).isEmpty();
  }

  @Test
  void questionsAreAnswered() {
    read(rig.a2, 7);

    assertThat(rig.manage(Function.QUERY_TASK, rig.a, 0, 7)).isEqualTo(Response.FUNCTION_SUCCEEDED);
    assertThat(rig.manage(Function.QUERY_TASK, rig.a, 0, 8)).isEqualTo(Response.FUNCTION_COMPLETE);
    assertThat(rig.manage(Function.QUERY_TASK, rig.b, 0, 7)).isEqualTo(Response.FUNCTION_COMPLETE);
    assertThat(rig.manage(Function.QUERY_TASK_SET, rig.a, 0, 0))
        .isEqualTo(Response.FUNCTION_SUCCEEDED);
    assertThat(rig.manage(Function.QUERY_TASK_SET, rig.a, 1, 0))
        .isEqualTo(Response.FUNCTION_COMPLETE);
    assertThat(rig.manage(Function.CLEAR_ACA, rig.a, 0, 0)).isEqualTo(Response.FUNCTION_REJECTED);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "I_T_NEXUS_RESET")
  void aLunThatLeadsNowhereIsIncorrect(Function function) {
    assertThat(rig.manage(function, rig.a, 9, 0)).isEqualTo(Response.INCORRECT_LUN);
  }

  @Test
  void whatAnotherNexusAbortsSaysSo() {
    List<ScsiRig.Task> theirs = List.of(read(rig.a1, 1), read(rig.a2, 2));
    ScsiRig.Task own = read(rig.b1, 1);
    List<String> told = new ArrayList<>();

    LogicalUnit unit = rig.a1.find(0).unit();
    TaskManagement.abortAll(
        unit, nexus -> nexus.nexus() == rig.a, true, rig.rig.reactor, () -> told.add("done"));
    assertThat(told).isEmpty();
    rig.steps(10);

    assertThat(told).containsExactly("done");
    assertThat(theirs)
        .allMatch(task ->
            task.over
                && task.outcome() == Outcome.COMPLETE
                && task.status() == ScsiStatus.TASK_ABORTED
                && task.senseBytes() == 0);
    assertThat(own.over).isFalse();
  }

  @Test
  void aLongCommandEndsAtItsNextTurn() {
    byte[] block = Data.blocks(1, 1);
    ScsiRig.Task writing = rig.submit(rig.a1.find(1), "41 00 00 00 00 00 00 10 00 00", block);

    rig.manage(Function.ABORT_TASK, rig.a, 1, 0);

    assertThat(writing.outcome()).isEqualTo(Outcome.ABORTED);
    byte[] end = rig.until(rig.submit(rig.a1.find(1), "28 00 00 00 0f ff 00 00 01 00")).data();
    assertThat(end).containsOnly(0);
  }

  @Test
  void aTaskThatWaitsForALockEndsAndLeavesNoneBehind() {
    List<RangeLock> held = new ArrayList<>();
    rig.quick.lockRange(rig.rig.reactor, 0, 512, held::add);
    rig.steps(3);
    ScsiRig.Task swap = rig.submit(rig.a1.find(1), SWAP, new byte[1024]);
    rig.steps(3);
    assertThat(swap.over).isFalse();

    rig.manage(Function.ABORT_TASK_SET, rig.a, 1, 0);
    assertThat(swap.outcome()).isEqualTo(Outcome.ABORTED);
    rig.quick.unlockRange(held.get(0));
    rig.steps(3);

    ScsiRig.Task again = rig.submit(rig.a1.find(1), SWAP, new byte[1024]);
    assertThat(rig.until(again).status()).isZero();
  }

  @Test
  void oneThatIsCancelledByItsTransportIsBusy() {
    ScsiRig.Task task = read(rig.a1, 1);

    rig.a1.find(0).cancel(task);
    rig.steps(2);

    assertThat(task.over).isTrue();
    assertThat(task.status()).isEqualTo(ScsiStatus.BUSY);
    assertThat(task.outcome()).isEqualTo(Outcome.COMPLETE);
  }

  /** Begins itself again when it has ended, as a transport does that has more to do. */
  private final class Restless extends ScsiTask {
    final LunPath way;
    final List<Restless> others;
    int ends;

    Restless(LunPath way, List<Restless> others) {
      this.way = way;
      this.others = others;
    }

    void go() {
      SlowRig.fill(this, SlowRig.READ, 1, TaskAttribute.SIMPLE);
      way.prepare(this);
      addSegment(rig.rig.memory.address(), 512);
      way.submit(this);
    }

    @Override
    protected void ended() {
      ends++;
      go();
      for (Restless other : others) {
        if (other.ends == 0) {
          way.cancel(other); // so that it ends, and is begun anew, before its turn has come
        }
      }
    }
  }

  @Test
  void whatIsBegunMeanwhileIsLeftAlone() {
    List<Restless> tasks = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      tasks.add(new Restless(rig.a1.find(0), tasks));
    }
    tasks.forEach(Restless::go);

    rig.manage(Function.ABORT_TASK_SET, rig.a, 0, 0);

    assertThat(tasks).allMatch(task -> task.ends == 1);
    rig.manage(Function.LOGICAL_UNIT_RESET, rig.a, 0, 0);
    assertThat(tasks).allMatch(task -> task.ends >= 2);
  }
}
