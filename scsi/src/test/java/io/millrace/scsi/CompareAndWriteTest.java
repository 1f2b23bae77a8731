package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoType;
import io.millrace.scsi.ScsiRig.Result;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** COMPARE AND WRITE. */
class CompareAndWriteTest {
  private static final String READ = "28 00 00 00 00 10 00 00 80 00";
  private static final String SWAP = "89 00 00 00 00 00 00 00 00 10 00 00 00 80 00 00";

  private final byte[] before = Data.blocks(128, 1);
  private final byte[] after = Data.blocks(128, 2);
  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    rig.run("2a 00 00 00 00 10 00 00 80 00", before);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {SWAP, "89 18 00 00 00 00 00 00 00 10 00 00 00 80 00 00"})
  void blocksThatAreAsExpectedAreWritten(String cdb) {
    assertThat(rig.run(cdb, Data.join(before, after)).status()).isZero();
    assertThat(rig.run(READ).data()).isEqualTo(after);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8, 511, 512, 65535})
  void blocksThatDifferStayAndTheFirstByteIsTold(int at) {
    Result result = rig.run(SWAP, Data.join(Data.changed(before, at), after));

    assertThat(result.condition()).isEqualTo("e/1d/00");
    assertThat(result.sense()[0]).isEqualTo((byte) 0xf0);
    assertThat(BigEndian.get32(result.sense(), 3)).isEqualTo(at);
    assertThat(rig.run(READ).data()).isEqualTo(before);
  }

  @Test
  void noneIsNoError() {
    assertThat(rig.run("89 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00").status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "89 00 00 00 00 00 00 00 00 10 00 00 00 81 00 00, cdb 13",
    "89 00 00 00 00 00 00 00 00 10 00 00 01 01 00 00, cdb 12 bit 0",
    "89 e0 00 00 00 00 00 00 00 10 00 00 00 01 00 00, cdb 1 bit 7",
  })
  void aFieldThatMayNotBeSoIsPointedAt(String cdb, String field) {
    assertThat(rig.run(cdb).field()).isEqualTo(field);
  }

  @Test
  void whatIsBeyondTheEndIsRefused() {
    assertThat(rig.run("89 00 00 00 00 00 00 00 0f ff 00 00 00 02 00 00").condition())
        .isEqualTo("5/21/00");
  }

  @Test
  void ofTwoThatExpectTheSameOneWins() {
    byte[] other = Data.blocks(128, 3);
    rig.settle("b", "t", 0);

    ScsiRig.Task first = rig.submit("a", "t", 0, SWAP, Data.join(before, after));
    ScsiRig.Task second = rig.submit("b", "t", 0, SWAP, Data.join(before, other));
    while (!first.over || !second.over) {
      rig.step();
    }

    assertThat(first.result().status()).isZero();
    assertThat(second.result().condition()).isEqualTo("e/1d/00");
    assertThat(rig.run(READ).data()).isEqualTo(after);
  }

  @Test
  void aWriteThatComesBetweenWaits() {
    byte[] written = Data.blocks(1, 4);

    ScsiRig.Task swap = rig.submit("a", "t", 0, SWAP, Data.join(before, after));
    rig.step(); // it has its lock, or is about to
    ScsiRig.Task write = rig.submit("a", "t", 0, "2a 00 00 00 00 10 00 00 01 00", written);
    while (!swap.over || !write.over) {
      rig.step();
    }

    byte[] data = rig.run(READ).data();
    assertThat(swap.result().status()).isIn(ScsiStatus.GOOD, ScsiStatus.CHECK_CONDITION);
    assertThat(Arrays.copyOf(data, 512)).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneThatHadComparedWhenItsServerDiedWritesWithoutAnotherLook(boolean hadWritten) {
    if (hadWritten) {
      rig.run("2a 00 00 00 00 10 00 00 80 00", after);
    }

    Result result = rig.runAgain("a", RecoverableIo.COMPARED, SWAP, Data.join(before, after));

    assertThat(result.status()).isZero();
    assertThat(rig.run(READ).data()).isEqualTo(after);
  }

  @Test
  void oneThatHadWrittenWhenItsServerDiedLeavesWhatOthersWroteSince() {
    byte[] others = Data.blocks(128, 5);
    rig.run("2a 00 00 00 00 10 00 00 80 00", others);

    Result result = rig.runAgain("a", RecoverableIo.WRITTEN, SWAP, Data.join(before, after));

    assertThat(result.status()).isZero();
    assertThat(rig.run(READ).data()).isEqualTo(others);
  }

  @Test
  void oneThatHadNotComparedWhenItsServerDiedIsDoneAsANewOne() {
    assertThat(rig.runAgain("a", 0, SWAP, Data.join(after, before)).condition())
        .isEqualTo("e/1d/00");
    assertThat(rig.runAgain("a", 0, SWAP, Data.join(before, after)).status()).isZero();
    assertThat(rig.run(READ).data()).isEqualTo(after);
  }

  @Test
  void whatWasAcceptedBeforeDoesNotTakeTheUnitAttentionOfItsNewNexus() {
    Result again = rig.runAgain("b", 0, SWAP, Data.join(before, after));

    assertThat(again.status()).isZero();
    assertThat(rig.run("b", "t", 0, READ).condition()).startsWith("6/29/");
  }

  @Test
  void oneThatIsCancelledWhileItWritesIsDoneWhenThatWas() throws Exception {
    LosingDisk disk = new LosingDisk("losing");
    rig.bdevs.register(disk);
    rig.add("t", 2, disk, false);
    rig.settle("a", "t", 2);
    rig.run("a", "t", 2, "2a 00 00 00 00 10 00 00 80 00", before);
    LunPath way = rig.path("a", "t", 2);
    disk.amid =
        io -> {
          if (io.type() == IoType.WRITE && io instanceof ScsiTask task) {
            way.cancel(task);
          }
        };

    Result result = rig.run("a", "t", 2, SWAP, Data.join(before, after));

    assertThat(result.status()).isZero();
    assertThat(rig.run("a", "t", 2, READ).data()).isEqualTo(after);
  }

  @Test
  void aWayForReadingTakesNone() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), true);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, SWAP, Data.join(before, after)).condition())
        .isEqualTo("7/27/00");
  }
}
