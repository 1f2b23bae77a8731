package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.TaskManagement.Function;
import io.millrace.scsi.TaskManagement.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Task attributes, over two ways of one nexus; a read takes 20 steps. */
class TaskOrderTest {
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

  private ScsiRig.Task read(NexusPaths by, TaskAttribute attribute) {
    return rig.submit(by.find(0), SlowRig.READ, attribute.ordinal(), attribute);
  }

  @Test
  void anOrderedTaskIsDoneAfterOlderOnesAndBeforeYoungerOnes() {
    ScsiRig.Task older = read(rig.a1, TaskAttribute.SIMPLE);
    ScsiRig.Task ordered = read(rig.a2, TaskAttribute.ORDERED);
    ScsiRig.Task younger = read(rig.a1, TaskAttribute.SIMPLE);
    ScsiRig.Task foreign = read(rig.b1, TaskAttribute.SIMPLE);

    rig.until(older);
    assertThat(ordered.over).isFalse();
    rig.steps(2);
    assertThat(foreign.over).isTrue(); // nobody waits for another initiator
    rig.until(ordered);
    assertThat(younger.over).isFalse();
    rig.steps(READ_STEPS - 2);
    assertThat(younger.over).isFalse(); // it began when the ordered one had ended
    assertThat(rig.until(younger).status()).isZero();
  }

  @Test
  void headOfQueueWaitsForNobody() {
    ScsiRig.Task older = read(rig.a1, TaskAttribute.SIMPLE);
    rig.steps(READ_STEPS / 2);
    ScsiRig.Task ordered = read(rig.a2, TaskAttribute.ORDERED);
    ScsiRig.Task head = rig.submit(rig.a2.find(0), SlowRig.READY, 1, TaskAttribute.HEAD_OF_QUEUE);

    assertThat(head.over).isTrue();
    assertThat(older.over).isFalse();
    assertThat(rig.until(ordered).status()).isZero();
  }

  @Test
  void orderedTasksFollowOneAnother() {
    ScsiRig.Task first = read(rig.a1, TaskAttribute.ORDERED);
    ScsiRig.Task between = read(rig.a2, TaskAttribute.SIMPLE);
    ScsiRig.Task second = read(rig.a2, TaskAttribute.ORDERED);
    ScsiRig.Task last = read(rig.a1, TaskAttribute.SIMPLE);

    rig.until(first);
    assertThat(between.over || second.over || last.over).isFalse();
    rig.until(between);
    assertThat(second.over || last.over).isFalse();
    rig.until(second);
    assertThat(last.over).isFalse();
    rig.until(last);
  }

  @Test
  void afterwardsASimpleTaskIsDoneAtOnce() {
    rig.until(read(rig.a1, TaskAttribute.ORDERED));

    assertThat(rig.submit(rig.a1.find(0), SlowRig.READY).over).isTrue();
  }

  @Test
  void anOrderedTaskThatIsAbortedLetsTheOthersGo() {
    ScsiRig.Task older = read(rig.a1, TaskAttribute.SIMPLE);
    ScsiRig.Task ordered = read(rig.a2, TaskAttribute.ORDERED);
    ScsiRig.Task younger = rig.submit(rig.a1.find(0), SlowRig.READY);
    assertThat(younger.over).isFalse();

    assertThat(rig.manage(Function.ABORT_TASK, rig.a, 0, TaskAttribute.ORDERED.ordinal()))
        .isEqualTo(Response.FUNCTION_COMPLETE);

    assertThat(ordered.outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(older.over).isFalse();
    rig.steps(3);
    assertThat(younger.over).isTrue();
    rig.until(older);
    assertThat(rig.submit(rig.a1.find(0), SlowRig.READY).over).isTrue();
  }

  @Test
  void tasksThatWaitAreAbortedWithTheOthers() {
    ScsiRig.Task older = read(rig.a1, TaskAttribute.SIMPLE);
    ScsiRig.Task ordered = read(rig.a2, TaskAttribute.ORDERED);
    ScsiRig.Task younger = read(rig.a1, TaskAttribute.SIMPLE);

    rig.manage(Function.ABORT_TASK_SET, rig.a, 0, 0);

    assertThat(older.outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(ordered.outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(younger.outcome()).isEqualTo(Outcome.ABORTED);
    assertThat(rig.until(read(rig.a1, TaskAttribute.ORDERED)).status()).isZero();
  }

  @Test
  void aTaskThatWaitsIsThereForWhoAsks() {
    read(rig.a1, TaskAttribute.SIMPLE);
    ScsiRig.Task ordered = read(rig.a2, TaskAttribute.ORDERED);

    assertThat(rig.manage(Function.QUERY_TASK, rig.a, 0, TaskAttribute.ORDERED.ordinal()))
        .isEqualTo(Response.FUNCTION_SUCCEEDED);

    rig.until(ordered);
  }

  @Test
  void anAttributeOfAnAcaThatIsNotThereIsRefused() {
    ScsiRig.Task task = rig.submit(rig.a1.find(0), SlowRig.READY, 1, TaskAttribute.ACA);

    assertThat(rig.until(task).condition()).isEqualTo("b/49/00");
  }
}
