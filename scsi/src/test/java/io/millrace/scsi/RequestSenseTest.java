package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** REQUEST SENSE (SPC-5 §6.36). */
class RequestSenseTest {
  private static final String FIXED = "03 00 00 00 fc 00";
  private static final String DESCRIPTOR = "03 01 00 00 fc 00";

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
  void withNothingToTellItSaysSo() {
    assertThat(rig.run(FIXED).hex())
        .isEqualTo("70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00");
    assertThat(rig.run(DESCRIPTOR).hex()).isEqualTo("72 00 00 00 00 00 00 00");
  }

  @Test
  void aUnitAttentionIsToldOnce() {
    assertThat(rig.run("b", "t", 0, FIXED).hex())
        .isEqualTo("70 00 06 00 00 00 00 0a 00 00 00 00 29 01 00 00 00 00");
    assertThat(rig.run("b", "t", 0, "00 00 00 00 00 00").status()).isZero();
    assertThat(rig.run("c", "t", 0, DESCRIPTOR).hex()).isEqualTo("72 06 29 01 00 00 00 00");
    assertThat(rig.run("c", "t", 0, DESCRIPTOR).hex()).isEqualTo("72 00 00 00 00 00 00 00");
  }

  @Test
  void aLunThatLeadsNowhereIsNotSupported() {
    assertThat(rig.run("a", "t", 9, DESCRIPTOR).hex()).isEqualTo("72 05 25 00 00 00 00 00");
    assertThat(rig.run("a", "t", 9, FIXED).status()).isZero();
  }

  @Test
  void aStoppedUnitIsNotReady() {
    rig.run("1b 00 00 00 00 00");

    assertThat(rig.run(DESCRIPTOR).hex()).isEqualTo("72 02 04 02 00 00 00 00");
  }

  @Test
  void theAnswerIsCut() {
    assertThat(rig.run("03 00 00 00 03 00").hex()).isEqualTo("70 00 00");
    assertThat(rig.run("03 00 00 00 00 00").data()).isEmpty();
    assertThat(rig.run("03 02 00 00 fc 00").field()).isEqualTo("cdb 1 bit 1");
  }
}
