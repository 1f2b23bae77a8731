package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL and the diagnostics. */
class StartStopTest {
  private static final String STOP = "1b 00 00 00 00 00";
  private static final String START = "1b 00 00 00 01 00";
  private static final String READY = "00 00 00 00 00 00";

  private ScsiRig rig;
  private CachedDisk disk;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);
    rig.settle("a", "t", 0);
    rig.settle("a", "t", 1);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        READY,
        "28 00 00 00 00 00 00 00 01 00",
        "08 00 00 00 01 00",
        "35 00 00 00 00 00 00 00 00 00",
        "42 00 00 00 00 00 00 00 00 00",
      })
  void aStoppedUnitHasNoMedium(String cdb) {
    assertThat(rig.run(STOP).status()).isZero();

    assertThat(rig.run(cdb).condition()).isEqualTo("2/04/02");
    assertThat(rig.run(START).status()).isZero();
    assertThat(rig.run(cdb).status()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "12 00 00 00 60 00",
        "1a 08 3f 00 ff 00",
        "25 00 00 00 00 00 00 00 00 00",
        "a0 00 00 00 00 00 00 00 10 00 00 00",
        "a3 0c 00 00 00 00 00 00 10 00 00 00",
      })
  void aStoppedUnitStillTellsWhatItIs(String cdb) {
    rig.run(STOP);

    assertThat(rig.run(cdb).status()).isZero();
  }

  @Test
  void aUnitIsStoppedForAllAndWhatIsWrongIsSaidFirst() {
    rig.settle("b", "t", 0);
    rig.run(STOP);

    assertThat(rig.run("b", "t", 0, READY).condition()).isEqualTo("2/04/02");
    assertThat(rig.run("28 00 00 00 00 00 00 00 01 80").condition()).isEqualTo("5/24/00");
  }

  @Test
  void stoppingFlushesUnlessItMayNot() {
    assertThat(rig.run("a", "t", 1, "1b 01 00 00 00 00").status()).isZero();
    assertThat(disk.log).containsExactly("FLUSH");
    assertThat(rig.run("a", "t", 1, START).status()).isZero();
    assertThat(rig.run("a", "t", 1, "1b 00 00 00 04 00").status()).isZero();
    assertThat(disk.log).containsExactly("FLUSH");
    assertThat(rig.run("a", "t", 1, READY).condition()).isEqualTo("2/04/02");
  }

  @Test
  void aUnitWhoseCacheCannotBeEmptiedIsNotStopped() {
    disk.status = IoStatus.IO_ERROR;

    assertThat(rig.run("a", "t", 1, STOP).condition()).isEqualTo("3/0c/00");
    assertThat(rig.run("a", "t", 1, READY).status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "1b 00 00 00 02 00, cdb 4 bit 1", // eject
    "1b 00 00 00 10 00, cdb 4 bit 7", // power condition
    "1b 00 00 01 00 00, cdb 3 bit 3",
    "1e 00 00 00 02 00, cdb 4 bit 1",
    "1d 20 00 00 00 00, cdb 1 bit 7", // background short self-test
    "1d c0 00 00 00 00, cdb 1 bit 7", // foreground extended self-test
    "1c 01 01 00 ff 00, cdb 2",
    "1c 02 00 00 ff 00, cdb 1 bit 1",
  })
  void whatIsNotDoneIsRefused(String cdb, String field) {
    assertThat(rig.run(cdb).condition()).isEqualTo("5/24/00");
    assertThat(rig.run(cdb).field()).isEqualTo(field);
  }

  @Test
  void removalMayBePreventedAsItNeverHappens() {
    assertThat(rig.run("1e 00 00 00 01 00").status()).isZero();
    assertThat(rig.run("1e 00 00 00 00 00").status()).isZero();
  }

  @Test
  void theDefaultSelfTestReadsTheMedium() {
    assertThat(rig.run("1d 04 00 00 00 00").status()).isZero();
    assertThat(rig.run("a", "t", 1, "1d 07 00 00 00 00").status()).isZero();
    assertThat(disk.log).containsExactly("READ");
    disk.status = IoStatus.IO_ERROR;
    assertThat(rig.run("a", "t", 1, "1d 04 00 00 00 00").condition()).isEqualTo("4/3e/03");
  }

  @Test
  void diagnosticPagesAreListed() {
    assertThat(rig.run("1c 01 00 00 ff 00").hex()).isEqualTo("00 00 00 01 00");
    assertThat(rig.run("1c 00 00 00 ff 00").hex()).isEqualTo("00 00 00 01 00");
    assertThat(rig.run("1c 01 00 00 03 00").hex()).isEqualTo("00 00 00");
    assertThat(rig.run("1d 10 00 00 04 00", new byte[4]).status()).isZero();
    assertThat(rig.run("1d 10 00 00 00 00").status()).isZero();
  }

  @Test
  void diagnosticPagesThatAreNotThereAreRefused() {
    assertThat(rig.run("1d 14 00 00 04 00", new byte[4]).field()).isEqualTo("cdb 3");
    assertThat(rig.run("1d 00 00 00 04 00", new byte[4]).field()).isEqualTo("cdb 1 bit 4");
    assertThat(rig.run("1d 10 00 00 03 00", new byte[3]).condition()).isEqualTo("5/1a/00");
    assertThat(rig.run("1d 10 00 00 04 00", (byte) 0x40, (byte) 0, (byte) 0, (byte) 0).field())
        .isEqualTo("parameter 0");
    assertThat(rig.run("1d 10 00 00 04 00", (byte) 0, (byte) 0, (byte) 0, (byte) 1).field())
        .isEqualTo("parameter 2");
  }
}
