package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GET LBA STATUS and PRE-FETCH. */
class MediumCommandsTest {
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
  void allBlocksFromThereOnAreMapped() {
    assertThat(rig.run("9e 12 00 00 00 00 00 00 01 02 00 00 01 00 00 00").hex())
        .isEqualTo("00 00 00 14 00 00 00 00 00 00 00 00 00 00 01 02 00 00 0e fe 00 00 00 00");
  }

  @ParameterizedTest
  @CsvSource({"00, 0", "07, 7", "18, 24"})
  void theAnswerIsCutToTheAllocationLength(String length, int bytes) {
    String cdb = "9e 12 00 00 00 00 00 00 01 02 00 00 00 %s 00 00".formatted(length);

    assertThat(rig.run(cdb).data()).hasSize(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "9e 12 00 00 00 00 00 00 10 00 00 00 01 00 00 00, 5/21/00",
    "9e 12 ff ff ff ff ff ff ff ff 00 00 01 00 00 00, 5/21/00",
    "9e 12 00 00 00 00 00 00 00 00 00 00 01 00 01 00, 5/24/00",
    "34 00 00 00 0f ff 00 00 02 00, 5/21/00",
    "34 00 00 00 10 01 00 00 00 00, 5/21/00",
    "90 02 00 00 00 00 00 00 0f ff 00 00 00 02 00 00, 5/21/00",
    "90 00 ff ff ff ff ff ff ff ff 00 00 00 00 00 00, 5/21/00",
    "34 01 00 00 00 00 00 00 01 00, 5/24/00",
  })
  void whatIsWrongIsRefused(String cdb, String condition) {
    assertThat(rig.run(cdb).condition()).isEqualTo(condition);
  }

  @Test
  void aReportOfSomeBlocksOnlyIsPointedAtAsAField() {
    assertThat(rig.run("9e 12 00 00 00 00 00 00 00 00 00 00 01 00 01 00").field())
        .isEqualTo("cdb 14 bit 7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "34 00 00 00 00 00 00 00 00 00",
        "34 02 00 00 00 08 00 00 08 00",
        "90 00 00 00 00 00 00 00 0f ff 00 00 00 01 00 00",
      })
  void aDiskWithoutACacheHasRoomForNoBlocks(String cdb) {
    assertThat(rig.run(cdb).status()).isEqualTo(ScsiStatus.GOOD);
  }
}
