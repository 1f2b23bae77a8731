package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VERIFY and WRITE AND VERIFY, of 512 blocks from 16 on: several parts. */
class VerifyCommandsTest {
  private static final String READ = "28 00 00 00 00 10 00 02 00 00";
  private static final String WRITE = "2a 00 00 00 00 10 00 02 00 00";
  private static final String LONG = "7f 00 00 00 00 00 00 18 00 ";
  private static final String LONG_END =
      " 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00 02 00";

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2f 02 00 00 00 10 00 02 00 00",
        "af 02 00 00 00 10 00 00 02 00 00 00",
        "8f 02 00 00 00 00 00 00 00 10 00 00 02 00 00 00",
        LONG + "0a 02" + LONG_END,
      })
  void verifyComparesEachBlock(String cdb) {
    byte[] data = Data.blocks(512, 1);
    rig.run(WRITE, data);

    assertThat(rig.run(cdb, data).status()).isZero();

    Result result = rig.run(cdb, Data.changed(data, 300 * 512 + 13));
    assertThat(result.condition()).isEqualTo("e/1d/00");
    assertThat(BigEndian.get32(result.sense(), 3)).isEqualTo(300 * 512 + 13);
    assertThat(result.sense()[0]).isEqualTo((byte) 0xf0);
    assertThat(rig.run(READ).data()).isEqualTo(data);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2f 06 00 00 00 10 00 02 00 00",
        "af 06 00 00 00 10 00 00 02 00 00 00",
        "8f 06 00 00 00 00 00 00 00 10 00 00 02 00 00 00",
        LONG + "0a 06" + LONG_END,
      })
  void verifyComparesWithOneBlock(String cdb) {
    byte[] block = Data.blocks(1, 2);
    rig.run(WRITE, Data.repeated(block, 512));
    assertThat(rig.run(cdb, block).status()).isZero();

    rig.run(WRITE, Data.changed(Data.repeated(block, 512), 511 * 512 + 511));
    Result result = rig.run(cdb, block);

    assertThat(result.condition()).isEqualTo("e/1d/00");
    assertThat(BigEndian.get32(result.sense(), 3)).isEqualTo(511 * 512 + 511);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2f 10 00 00 00 10 00 02 00 00",
        "2f 00 00 00 00 00 00 10 00 00",
        "2f 02 00 00 00 10 00 00 00 00",
        "2f 06 00 00 10 00 00 00 00 00",
        "af 00 00 00 00 00 00 00 10 00 00 00",
      })
  void verifyWithoutDataReadsOnly(String cdb) {
    assertThat(rig.run(cdb).status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "2f 04 00 00 00 10 00 00 01 00, cdb 1 bit 2",
    "2f 20 00 00 00 10 00 00 01 00, cdb 1 bit 7",
    "8e 40 00 00 00 00 00 00 00 10 00 00 00 01 00 00, cdb 1 bit 7",
    "8f 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01, cdb 15 bit 0",
    "2e 04 00 00 00 10 00 00 01 00, cdb 1 bit 2",
    "2e 08 00 00 00 10 00 00 01 00, cdb 1 bit 3",
  })
  void aFieldThatMayNotBeSoIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2f 00 00 00 10 00 00 00 01 00",
        "2f 02 00 00 0f ff 00 00 02 00",
        "8f 06 ff ff ff ff ff ff ff ff ff ff ff ff 00 00",
        "2e 00 00 00 0f ff 00 00 02 00",
      })
  void whatIsBeyondTheEndIsRefused(String cdb) {
    assertThat(rig.run(cdb).condition()).isEqualTo("5/21/00");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2e 00 00 00 00 10 00 02 00 00",
        "2e 12 00 00 00 10 00 02 00 00",
        "ae 02 00 00 00 10 00 00 02 00 00 00",
        "8e 02 00 00 00 00 00 00 00 10 00 00 02 00 00 00",
        LONG + "0c 02" + LONG_END,
      })
  void writeAndVerifyWrites(String cdb) {
    byte[] data = Data.blocks(512, 3);

    assertThat(rig.run(cdb, data).status()).isZero();

    assertThat(rig.run(READ).data()).isEqualTo(data);
    assertThat(rig.run("28 00 00 00 00 0f 00 00 01 00").data()).containsOnly(0);
    assertThat(rig.run("28 00 00 00 02 10 00 00 01 00").data()).containsOnly(0);
  }

  @Test
  void aWayForReadingVerifiesOnly() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), true);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, "2f 00 00 00 00 00 00 00 01 00").status()).isZero();
    assertThat(rig.run("a", "t", 1, "2e 00 00 00 00 00 00 00 01 00", Data.blocks(1, 1)).condition())
        .isEqualTo("7/27/00");
  }
}
