package io.millrace.scsi;

import static io.millrace.scsi.ReserveRig.told;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RESERVE and RELEASE of SPC-2, alone and beside registrations (SPC-5 §5.13.3). */
class LegacyReserveTest {
  private static final String READ = "28 00 00 00 00 00 00 00 01 00";

  private ReserveRig scsi;

  @BeforeEach
  void open() throws Exception {
    scsi = new ReserveRig().ready("a:t", "a:u", "b:t", "c:t");
  }

  @AfterEach
  void close() {
    scsi.close();
  }

  private String run(String nexus, String cdb) {
    return told(scsi.run(nexus, cdb));
  }

  @ParameterizedTest
  @CsvSource({
    "16 00 00 00 00 00, 17 00 00 00 00 00",
    "56 00 00 00 00 00 00 00 00 00, 57 00 00 00 00 00 00 00 00 00",
    "16 00 00 00 00 00, 57 00 00 00 00 00 00 00 00 00",
  })
  void oneReservesAndReleases(String reserve, String release) {
    assertThat(run("a:t", reserve)).isEqualTo("00");
    assertThat(run("a:t", reserve)).isEqualTo("00");
    assertThat(run("b:t", reserve)).isEqualTo("18");
    assertThat(run("a:u", READ)).isEqualTo("18");
    assertThat(run("b:t", READ)).isEqualTo("18");
    assertThat(run("b:t", release)).isEqualTo("00");
    assertThat(run("b:t", READ)).isEqualTo("18");
    assertThat(run("a:t", READ)).isEqualTo("00");

    assertThat(run("a:t", release)).isEqualTo("00");

    assertThat(run("b:t", READ)).isEqualTo("00");
    assertThat(run("b:t", reserve)).isEqualTo("00");
    assertThat(scsi.attentions("a:u") + scsi.attentions("c:u").replace("29/01", "")).isEmpty();
  }

  @Test
  void persistentReservationCommandsOfAnybodyAreConflictsMeanwhile() {
    run("a:t", "16 00 00 00 00 00");

    assertThat(scsi.register("a:t", 0, 0xa)).isEqualTo("18");
    assertThat(scsi.register("b:t", 0, 0xa)).isEqualTo("18");
    assertThat(run("a:t", "5e 00 00 00 00 00 00 00 08 00")).isEqualTo("18");
    assertThat(run("b:t", "5e 02 00 00 00 00 00 00 08 00")).isEqualTo("18");
    run("a:t", "17 00 00 00 00 00");
    assertThat(scsi.keys("a:t")).isEqualTo("0:");
  }

  @ParameterizedTest
  @CsvSource({
    // type of a:t's reservation, 0 for none: of the holder, of a registrant, of a stranger
    "0, 18, 18, 18",
    "1, 00, 18, 18",
    "3, 00, 18, 18",
    "5, 00, 00, 18",
    "6, 00, 00, 18",
    "7, 00, 00, 18",
    "8, 00, 00, 18",
  })
  void besideRegistrationsTheyAreGoodAndDoNothingOrConflict(
      int type, String holder, String registrant, String stranger) {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    if (type != 0) {
      scsi.reserve("a:t", 0xa, type);
    }
    String before = scsi.reservation("a:t");
    for (String cdb : new String[] {"16 00 00 00 00 00", "17 00 00 00 00 00"}) {
      assertThat(run("a:t", cdb)).isEqualTo(holder);
      assertThat(run("b:t", cdb)).isEqualTo(registrant);
      assertThat(run("c:t", cdb)).isEqualTo(stranger);
    }

    assertThat(scsi.reservation("a:t")).isEqualTo(before);
    scsi.release("a:t", 0xa, type);
    scsi.attentions("b:t");
    assertThat(run("b:t", READ)).isEqualTo("00");
  }

  @Test
  void aResetOrALostNexusEndsIt() {
    run("a:t", "16 00 00 00 00 00");
    scsi.path("a:t").unit().reservations().reset();
    assertThat(run("b:t", "16 00 00 00 00 00")).isEqualTo("00");
    assertThat(run("a:t", READ)).isEqualTo("18");

    scsi.path("b:t").nexus().close();

    assertThat(run("a:t", READ)).isEqualTo("00");
  }

  @ParameterizedTest
  @CsvSource({
    "16 01 00 00 00 00, cdb 1 bit 0", // an extent
    "16 10 00 00 00 00, cdb 1 bit 4", // for a third party
    "56 02 00 00 00 00 00 00 00 00, cdb 1 bit 1",
    "56 00 00 00 00 00 00 00 08 00, cdb 8 bit 3",
    "17 10 00 00 00 00, cdb 1 bit 4",
  })
  void forOthersOrInPartItIsNot(String cdb, String field) {
    assertThat(run("a:t", cdb)).isEqualTo("5/24/00");
    assertThat(scsi.run("a:t", cdb).field()).isEqualTo(field);
  }
}
