package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** REPORT LUNS (SPC-5 §6.31). */
class ReportLunsTest {
  private static final String ALL = "a0 00 00 00 00 00 00 00 10 00 00 00";
  private static final String READY = "00 00 00 00 00 00";

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
  void lunsAreListedByTheirAddress() throws Exception {
    rig.add("t", 255, rig.bdevs.get("disk"), false);
    rig.add("t", 256, rig.bdevs.get("disk"), false);
    rig.add("t", 16383, rig.bdevs.get("disk"), false);

    assertThat(rig.run(ALL).hex())
        .isEqualTo(
            "00 00 00 20 00 00 00 00"
                + " 00 00 00 00 00 00 00 00"
                + " 00 ff 00 00 00 00 00 00"
                + " 41 00 00 00 00 00 00 00"
                + " 7f ff 00 00 00 00 00 00");
  }

  @Test
  void theWellKnownOneIsListedWhenAskedFor() {
    String wellKnown = " c1 01 00 00 00 00 00 00";

    assertThat(rig.run("a0 00 01 00 00 00 00 00 10 00 00 00").hex())
        .isEqualTo("00 00 00 08 00 00 00 00" + wellKnown);
    assertThat(rig.run("a0 00 02 00 00 00 00 00 10 00 00 00").hex())
        .isEqualTo("00 00 00 10 00 00 00 00" + wellKnown + " 00 00 00 00 00 00 00 00");
  }

  @Test
  void theWellKnownOneHasTheListAndLittleElse() {
    int lun = ScsiRig.WELL_KNOWN;

    assertThat(rig.run("a", "t", lun, ALL).hex()).isEqualTo(rig.run(ALL).hex());
    assertThat(rig.run("a", "t", lun, READY).status()).isZero();
    assertThat(rig.run("a", "t", lun, "12 00 00 00 60 00").data()).startsWith(0x1e, 0, 7);
    assertThat(rig.run("a", "t", lun, "12 01 00 00 60 00").hex()).isEqualTo("1e 00 00 01 00");
    assertThat(rig.run("a", "t", lun, "03 01 00 00 60 00").hex())
        .isEqualTo("72 00 00 00 00 00 00 00");
    assertThat(rig.run("a", "t", lun, "28 00 00 00 00 00 00 00 01 00").condition())
        .isEqualTo("5/20/00");
    assertThat(rig.run("a", "t", lun, "fe 00 00 00 00 00").condition()).isEqualTo("5/20/00");
    assertThat(rig.run("a", "t", lun, "12 00 83 00 60 00").field()).isEqualTo("cdb 2");
  }

  @Test
  void aListThatIsCutSaysHowLongItIs() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), false);
    rig.add("t", 2, rig.bdevs.get("disk"), false);

    Result result = rig.run("a0 00 00 00 00 00 00 00 00 11 00 00");

    assertThat(result.data()).hasSize(17).startsWith(0, 0, 0, 24);
  }

  @Test
  void aLunThatLeadsNowhereHasTheListToo() {
    assertThat(rig.run("a", "t", 77, ALL).hex()).isEqualTo(rig.run(ALL).hex());
    assertThat(rig.run("a", "empty", 0, ALL).hex()).isEqualTo("00 00 00 00 00 00 00 00");
  }

  @ParameterizedTest
  @CsvSource({
    "a0 00 03 00 00 00 00 00 10 00 00 00, cdb 2",
    "a0 00 10 00 00 00 00 00 10 00 00 00, cdb 2",
    "a0 00 00 00 00 00 00 00 00 0f 00 00, cdb 6",
    "a0 00 00 00 00 00 00 00 00 00 00 00, cdb 6",
    "a0 00 00 01 00 00 00 00 10 00 00 00, cdb 3 bit 0",
  })
  void whatCannotBeIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void whoHasReadTheListIsNotToldThatItChangedByAnyLun() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), false);
    rig.settle("a", "t", 1);
    rig.settle("a", "t", 0);
    rig.settle("b", "t", 0);
    rig.add("t", 2, rig.bdevs.get("disk"), false);

    assertThat(rig.run("a", "t", 1, ALL).data()).startsWith(0, 0, 0, 24);

    assertThat(rig.run("a", "t", 1, READY).status()).isZero();
    assertThat(rig.run("a", "t", 0, READY).status()).isZero();
    assertThat(rig.run("b", "t", 0, READY).condition()).isEqualTo("6/3f/0e");
  }

  @Test
  void otherUnitAttentionsStayPending() {
    assertThat(rig.run("b", "t", 0, ALL).status()).isZero();

    assertThat(rig.run("b", "t", 0, READY).condition()).isEqualTo("6/29/01");
  }
}
