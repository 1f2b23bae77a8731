package io.millrace.scsi;

import static io.millrace.scsi.ReserveRig.UNREG;
import static io.millrace.scsi.ReserveRig.address;
import static io.millrace.scsi.ReserveRig.id;
import static io.millrace.scsi.ReserveRig.list;
import static io.millrace.scsi.ReserveRig.told;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import io.millrace.scsi.ScsiRig.Result;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PREEMPT, PREEMPT AND ABORT, REGISTER AND MOVE (SPC-5 §5.13.11.4, §5.13.11.5, §5.13.8). */
class PreemptTest {
  private static final String LONG_READ = "28 00 00 00 00 00 00 08 00 00";

  private ReserveRig scsi;

  @BeforeEach
  void open() throws Exception {
    scsi = new ReserveRig().ready("a:t", "a:u", "b:t", "b:u", "c:t");
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    scsi.register("b:u", 0, 0xb);
    scsi.register("c:t", 0, 0xc);
  }

  @AfterEach
  void close() {
    scsi.close();
  }

  private String attentions() {
    StringBuilder all = new StringBuilder();
    for (String nexus : new String[] {"a:t", "a:u", "b:t", "b:u", "c:t"}) {
      all.append(nexus).append('=').append(scsi.attentions(nexus)).append(' ');
    }
    return all.toString().trim();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6})
  void theHolderIsPreemptedWithAllThatHaveItsKey(int type) {
    scsi.reserve("b:t", 0xb, type);

    assertThat(scsi.preempt("a:t", 0xa, 0xb, type)).isEqualTo("00");

    assertThat(scsi.keys("c:t")).isEqualTo("5: a c");
    assertThat(scsi.reservation("c:t")).isEqualTo("a type " + type);
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=");
  }

  @Test
  void withAnotherTypeTheOthersAreToldThatTheOldOneIsReleased() {
    scsi.reserve("b:t", 0xb, 5);

    assertThat(scsi.preempt("a:t", 0xa, 0xb, 8)).isEqualTo("00");

    assertThat(scsi.reservation("a:t")).isEqualTo("0 type 8");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=2a/04");
  }

  @Test
  void oneWhoIsNoHolderLosesTheRegistrationOnly() {
    scsi.reserve("b:t", 0xb, 5);

    // SCOPE and TYPE are ignored then.
    assertThat(scsi.preempt("a:t", 0xa, 0xc, 0xff)).isEqualTo("00");

    assertThat(scsi.keys("a:t")).isEqualTo("5: a b b");
    assertThat(scsi.reservation("a:t")).isEqualTo("b type 5");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t= b:u= c:t=2a/05");
  }

  @Test
  void withoutAReservationRegistrationsAreRemoved() {
    assertThat(scsi.preempt("a:t", 0xa, 0xb, 1)).isEqualTo("00");

    assertThat(scsi.keys("a:t")).isEqualTo("5: a c");
    assertThat(scsi.reservation("a:t")).isEmpty();
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=");
  }

  @ParameterizedTest
  @CsvSource({"0, false", "1, false", "6, false", "7, true", "8, true"})
  void keyZeroMeansTheHoldersOfAnAllRegistrantsTypeAndNothingElse(int type, boolean all) {
    if (type != 0) {
      scsi.reserve("b:t", 0xb, type);
    }

    Result result = scsi.out("a:t", ReserveRequest.PREEMPT, 3, list(0xa, 0, 0));

    if (all) {
      assertThat(told(result)).isEqualTo("00");
      assertThat(scsi.keys("a:t")).isEqualTo("5: a");
      assertThat(scsi.reservation("a:t")).isEqualTo("a type 3");
      assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=2a/05");
    } else {
      assertThat(told(result)).isEqualTo("5/26/00");
      assertThat(result.field()).isEqualTo("parameter 8");
      assertThat(scsi.keys("a:t")).isEqualTo("4: a b b c");
      assertThat(attentions()).isEqualTo("a:t= a:u= b:t= b:u= c:t=");
    }
  }

  @Test
  void ofAllRegistrantsOneKeyIsRemovedAndTheReservationStays() {
    scsi.reserve("a:t", 0xa, 7);

    assertThat(scsi.preempt("a:t", 0xa, 0xb, 1)).isEqualTo("00");
    assertThat(scsi.reservation("a:t")).isEqualTo("0 type 7");
    assertThat(scsi.preempt("a:t", 0xa, 0xc, 1)).isEqualTo("00");
    assertThat(scsi.reservation("a:t")).isEqualTo("0 type 7");
    assertThat(scsi.preempt("a:t", 0xa, 0xa, 1)).isEqualTo("00");

    assertThat(scsi.reservation("a:t")).isEmpty();
    assertThat(scsi.keys("a:t")).isEqualTo("7:");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=2a/05");
  }

  @Test
  void aHolderThatPreemptsItselfStaysRegisteredAndHasAnotherType() {
    scsi.reserve("b:t", 0xb, 5);

    assertThat(scsi.preempt("b:t", 0xb, 0xb, 1)).isEqualTo("00");

    assertThat(scsi.keys("b:t")).isEqualTo("5: a b c");
    assertThat(scsi.reservation("b:t")).isEqualTo("b type 1");
    assertThat(attentions()).isEqualTo("a:t=2a/04 a:u= b:t= b:u=2a/05 c:t=2a/04");
  }

  @Test
  void theOwnKeyOfOneWhoIsNoHolderRemovesItself() {
    scsi.reserve("a:t", 0xa, 5);

    assertThat(scsi.preempt("b:t", 0xb, 0xb, 1)).isEqualTo("00");

    assertThat(scsi.keys("a:t")).isEqualTo("5: a c");
    assertThat(scsi.reservation("a:t")).isEqualTo("a type 5");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t= b:u=2a/05 c:t=");
  }

  @Test
  void aKeyThatNobodyHasIsAConflict() {
    assertThat(scsi.preempt("a:t", 0xa, 0xdd, 1)).isEqualTo("18");
    scsi.reserve("a:t", 0xa, 7);
    assertThat(scsi.preempt("a:t", 0xa, 0xdd, 1)).isEqualTo("18");
    assertThat(scsi.preempt("a:u", 0xa, 0xb, 1)).isEqualTo("18");

    assertThat(scsi.keys("a:t")).isEqualTo("4: a b b c");
  }

  // ---- PREEMPT AND ABORT ------------------------------------------------------------------------

  @Test
  void tasksOfThePreemptedEndBeforeTheCommandDoes() {
    scsi.reserve("b:t", 0xb, 1);
    ScsiRig.Task victim = scsi.rig.submit("b", "t", 0, LONG_READ);
    ScsiRig.Task second = scsi.rig.submit("b", "u", 0, "35 00 00 00 00 00 00 00 00 00");
    ScsiRig.Task bystander = scsi.rig.submit("a", "u", 0, LONG_READ);
    ScsiRig.Task other = scsi.rig.submit("b", "u", 0, LONG_READ);
    assertThat(victim.over).isFalse();

    byte[] list = list(0xa, 0xb, 0);
    ScsiRig.Task preempt = scsi.rig.submit("a", "t", 0, ReserveRig.cdb(5, 3, 24), list);
    while (!preempt.over) {
      assertThat(scsi.keys("a:t")).isEqualTo("5: a c");
      scsi.rig.step();
    }

    assertThat(preempt.status()).isEqualTo(ScsiStatus.GOOD);
    assertThat(victim.over && other.over && second.over).isTrue();
    assertThat(victim.status()).isEqualTo(ScsiStatus.TASK_ABORTED);
    assertThat(victim.outcome()).isEqualTo(Outcome.COMPLETE);
    assertThat(victim.senseBytes()).isZero();
    assertThat(other.status()).isEqualTo(ScsiStatus.TASK_ABORTED);
    while (!bystander.over) {
      scsi.rig.step();
    }
    assertThat(bystander.status()).isNotEqualTo(ScsiStatus.TASK_ABORTED);
    assertThat(scsi.reservation("a:t")).isEqualTo("a type 3");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t=2a/05 b:u=2a/05 c:t=2a/04");
  }

  @Test
  void tasksOnAnotherReactorAreWaitedFor() {
    try (Reactor other = Reactor.stepped("other")) {
      NexusPaths paths = scsi.path("b:t").nexus().pathsOn(other);
      ScsiRig.Task victim = new ScsiRig.Task(scsi.rig.memory.address());
      byte[] read = HexFormat.of().parseHex(LONG_READ.replace(" ", ""));
      System.arraycopy(read, 0, victim.cdb(), 0, read.length);
      victim.begin(9, TaskAttribute.SIMPLE);
      LunPath path = paths.find(0);
      path.prepare(victim);
      victim.bring(new byte[0]);
      path.submit(victim);

      ScsiRig.Task preempt =
          scsi.rig.submit("a", "t", 0, ReserveRig.cdb(5, 1, 24), list(0xa, 0xb, 0));
      for (int i = 0; i < 100; i++) {
        scsi.rig.step();
      }
      assertThat(preempt.over || victim.over).isFalse();
      for (int i = 1; !victim.over; i++) {
        other.runOnce(i);
      }
      assertThat(victim.status()).isEqualTo(ScsiStatus.TASK_ABORTED);
      assertThat(preempt.over).isFalse();
      for (int i = 0; i < 10 && !preempt.over; i++) {
        other.runOnce(1_000 + i); // its transport tells at the end of a round
        scsi.rig.step();
      }

      assertThat(preempt.status()).isEqualTo(ScsiStatus.GOOD);
      assertThat(preempt.over).isTrue();
      paths.close();
    }
  }

  @Test
  void withNothingInFlightItIsPreempt() {
    assertThat(told(scsi.out("a:t", 5, 1, list(0xa, 0xb, 0)))).isEqualTo("00");
    assertThat(told(scsi.out("a:t", 5, 1, list(0xa, 0xb, 0)))).isEqualTo("18");
    assertThat(told(scsi.out("a:t", 5, 1, list(0xa, 0, 0)))).isEqualTo("5/26/00");
    assertThat(told(scsi.out("a:t", 5, 1, list(0xa, 0xa, 0)))).isEqualTo("00");

    assertThat(scsi.keys("a:t")).isEqualTo("6: c");
  }

  // ---- REGISTER AND MOVE ------------------------------------------------------------------------

  @Test
  void aReservationMovesToANexusThatIsRegisteredByIt() {
    scsi.reserve("a:t", 0xa, 6);

    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 2, id("d"))).isEqualTo("00");

    assertThat(scsi.full("a:t"))
        .containsExactly(
            "a port 1 " + address("a"),
            "b port 1 " + address("b"),
            "b port 2 " + address("b"),
            "c port 1 " + address("c"),
            "d port 2 " + address("d") + " holds 6");
    assertThat(scsi.keys("a:t")).startsWith("5:");
    assertThat(scsi.reservation("a:t")).isEqualTo("d type 6");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t= b:u= c:t=");
    scsi.ready("d:u");
    assertThat(scsi.release("d:u", 0xd, 6)).isEqualTo("00");
  }

  @Test
  void oneWhoIsRegisteredGetsTheNewKeyAndTheOldHolderMayGo() {
    scsi.reserve("a:t", 0xa, 1);

    assertThat(scsi.move("a:t", 0xa, 0xbb, UNREG, 1, id("b"))).isEqualTo("00");

    assertThat(scsi.keys("a:t")).isEqualTo("5: bb b c");
    assertThat(scsi.reservation("a:t")).isEqualTo("bb type 1");
    assertThat(attentions()).isEqualTo("a:t= a:u= b:t= b:u= c:t=");
  }

  @Test
  void aMoveThatCannotBeIsRefused() {
    // Nothing is reserved.
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 2, id("d"))).isEqualTo("5/24/00");
    scsi.reserve("a:t", 0xa, 5);
    assertThat(scsi.move("b:t", 0xb, 0xd, 0, 2, id("d"))).isEqualTo("18");
    assertThat(scsi.move("a:t", 0xa, 0, 0, 2, id("d"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 0, id("d"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 3, id("d"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 1, id("a"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 4, 1, id("d"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 1, 1, id("d"))).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 1, new byte[0])).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 1, new byte[24])).isEqualTo("5/26/00");
    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 1, Arrays.copyOf(id("d"), 20))).isEqualTo("5/1a/00");
    assertThat(scsi.keys("a:t")).isEqualTo("4: a b b c");
    assertThat(scsi.reservation("a:t")).isEqualTo("a type 5");

    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 2, id("a"))).isEqualTo("00");
    assertThat(scsi.reservation("a:t")).isEqualTo("d type 5");
  }

  @Test
  void aReservationOfAllRegistrantsDoesNotMove() {
    scsi.reserve("a:t", 0xa, 8);

    assertThat(scsi.move("a:t", 0xa, 0xd, 0, 2, id("d"))).isEqualTo("18");
  }
}
