package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LOG SENSE and LOG SELECT (SPC-5 §6.8, §6.9, §7.3). */
class LogSenseTest {
  private static final String STATISTICS = "4d 00 59 00 00 00 00 10 00 00";

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void pagesAreListed() {
    assertThat(rig.run("4d 00 40 00 00 00 00 10 00 00").hex()).isEqualTo("00 00 00 04 00 15 19 2f");
    assertThat(rig.run("4d 00 00 00 00 00 00 10 00 00").hex()).isEqualTo("00 00 00 04 00 15 19 2f");
    assertThat(rig.run("4d 00 40 ff 00 00 00 10 00 00").hex())
        .isEqualTo("40 ff 00 0a 00 00 00 ff 15 00 19 00 2f 00");
  }

  @Test
  void nothingIsExpectedToFail() {
    assertThat(rig.run("4d 00 6f 00 00 00 00 10 00 00").hex())
        .isEqualTo("2f 00 00 08 00 00 03 04 00 00 ff 00");
  }

  @Test
  void noScanWasMade() {
    assertThat(rig.run("4d 00 55 00 00 00 00 10 00 00").hex())
        .isEqualTo("15 00 00 10 00 00 03 0c 00 00 00 00 00 00 00 00 00 00 00 00");
  }

  @Test
  void readsAndWritesAreCounted() {
    rig.run("2a 00 00 00 00 00 00 00 03 00", new byte[3 * ScsiRig.BLOCK]);
    rig.run("28 00 00 00 00 00 00 00 05 00");
    rig.run("28 00 00 00 00 00 00 00 02 00");

    byte[] page = rig.run(STATISTICS).data();

    assertThat(page).hasSize(72).startsWith(0x19, 0, 0, 68, 0, 1, 3, 64);
    assertThat(BigEndian.get64(page, 8)).isEqualTo(2); // read commands
    assertThat(BigEndian.get64(page, 16)).isEqualTo(1);
    assertThat(BigEndian.get64(page, 24)).isEqualTo(3); // blocks received
    assertThat(BigEndian.get64(page, 32)).isEqualTo(7);
  }

  @Test
  void countersBeginAgainAtZero() {
    rig.run("28 00 00 00 00 00 00 00 05 00");
    rig.settle("b", "t", 0);

    assertThat(rig.run("4c 02 40 00 00 00 00 00 00 00").status()).isZero();

    rig.run("28 00 00 00 00 00 00 00 01 00");
    byte[] page = rig.run(STATISTICS).data();
    assertThat(BigEndian.get64(page, 8)).isEqualTo(1);
    assertThat(BigEndian.get64(page, 32)).isEqualTo(1);
    assertThat(rig.run("b", "t", 0, "00 00 00 00 00 00").condition()).isEqualTo("6/2a/02");
    assertThat(rig.run("00 00 00 00 00 00").status()).isZero();
  }

  @Test
  void countersOfOnePageBeginAgain() {
    rig.run("28 00 00 00 00 00 00 00 05 00");

    assertThat(rig.run("4c 02 55 00 00 00 00 00 00 00").status()).isZero();
    assertThat(BigEndian.get64(rig.run(STATISTICS).data(), 8)).isEqualTo(1);
    assertThat(rig.run("4c 02 59 00 00 00 00 00 00 00").status()).isZero();
    assertThat(BigEndian.get64(rig.run(STATISTICS).data(), 8)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "4d 00 4d 00 00 00 00 10 00 00, cdb 2 bit 5",
    "4d 00 59 01 00 00 00 10 00 00, cdb 3",
    "4d 00 19 00 00 00 00 10 00 00, cdb 2 bit 7",
    "4d 00 99 00 00 00 00 10 00 00, cdb 2 bit 7",
    "4d 00 59 00 00 00 02 10 00 00, cdb 5",
    "4d 00 40 00 00 00 01 10 00 00, cdb 5",
    "4d 01 59 00 00 00 00 10 00 00, cdb 1 bit 0",
    "4c 00 40 00 00 00 00 00 00 00, cdb 1 bit 1",
    "4c 03 40 00 00 00 00 00 00 00, cdb 1 bit 0",
    "4c 02 40 00 00 00 00 00 08 00, cdb 8 bit 3",
    "4c 02 4d 00 00 00 00 00 00 00, cdb 2 bit 5",
  })
  void whatIsNotThereIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void theLastParameterMayBePointedAtAndTheAnswerIsCut() {
    assertThat(rig.run("4d 00 59 00 00 00 01 00 06 00").hex()).isEqualTo("19 00 00 44 00 01");
  }
}
