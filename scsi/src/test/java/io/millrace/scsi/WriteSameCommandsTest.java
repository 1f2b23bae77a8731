package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** WRITE SAME of 600 blocks from 4 on: more than one turn. */
class WriteSameCommandsTest {
  private static final String READ_ALL = "a8 00 00 00 00 00 00 00 10 00 00 00";
  private static final String WRITE_ALL = "aa 00 00 00 00 00 00 00 10 00 00 00";
  private static final String LONG = "7f 00 00 00 00 00 00 18 00 0d ";
  private static final String LONG_END =
      " 00 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 00 02 58";

  private final byte[] before = Data.blocks(ScsiRig.BLOCKS, 9);
  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    rig.run(WRITE_ALL, before);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private byte[] with(int from, int blocks, byte[] block) {
    byte[] expected = before.clone();
    System.arraycopy(Data.repeated(block, blocks), 0, expected, from * 512, blocks * 512);
    return expected;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "41 00 00 00 00 04 00 02 58 00",
        "41 08 00 00 00 04 00 02 58 00",
        "93 00 00 00 00 00 00 00 00 04 00 00 02 58 00 00",
        "93 08 00 00 00 00 00 00 00 04 00 00 02 58 00 00",
        LONG + "00" + LONG_END,
      })
  void aBlockIsWrittenToMany(String cdb) {
    byte[] block = Data.blocks(1, 1);

    assertThat(rig.run(cdb, block).status()).isZero();

    assertThat(rig.run(READ_ALL).data()).isEqualTo(with(4, 600, block));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "41 00 00 00 00 04 00 02 58 00",
        "41 08 00 00 00 04 00 02 58 00",
        "93 08 00 00 00 00 00 00 00 04 00 00 02 58 00 00",
      })
  void zeroesAreWrittenToMany(String cdb) {
    assertThat(rig.run(cdb, new byte[512]).status()).isZero();

    assertThat(rig.run(READ_ALL).data()).isEqualTo(with(4, 600, new byte[512]));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "93 01 00 00 00 00 00 00 00 04 00 00 02 58 00 00",
        "93 09 00 00 00 00 00 00 00 04 00 00 02 58 00 00",
        LONG + "09" + LONG_END,
      })
  void withoutDataItIsZeroes(String cdb) {
    assertThat(rig.run(cdb).status()).isZero();

    assertThat(rig.run(READ_ALL).data()).isEqualTo(with(4, 600, new byte[512]));
  }

  @ParameterizedTest
  @CsvSource({
    "41 00 00 00 0f 00 00 00 00 00, 3840",
    "41 00 00 00 10 00 00 00 00 00, 4096",
    "93 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00, 0",
  })
  void noNumberMeansToTheEnd(String cdb, int from) {
    byte[] block = Data.blocks(1, 2);

    assertThat(rig.run(cdb, block).status()).isZero();

    assertThat(rig.run(READ_ALL).data()).isEqualTo(with(from, 4096 - from, block));
  }

  @ParameterizedTest
  @CsvSource({
    "41 18 00 00 00 04 00 00 01 00, cdb 1 bit 4",
    "41 01 00 00 00 04 00 00 01 00, cdb 1 bit 0",
    "93 02 00 00 00 00 00 00 00 04 00 00 00 01 00 00, cdb 1 bit 1",
    "93 19 00 00 00 00 00 00 00 04 00 00 00 01 00 00, cdb 1 bit 4",
  })
  void aFieldThatMayNotBeSoIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "41 00 00 00 10 01 00 00 00 00",
        "41 00 00 00 0f ff 00 00 02 00",
        "93 01 00 00 00 00 00 00 10 00 00 00 00 01 00 00",
        "93 01 ff ff ff ff ff ff ff ff 00 00 00 00 00 00",
      })
  void whatIsBeyondTheEndIsRefused(String cdb) {
    assertThat(rig.run(cdb).condition()).isEqualTo("5/21/00");
    assertThat(rig.run(READ_ALL).data()).isEqualTo(before);
  }

  @Test
  void aWayForReadingTakesNone() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), true);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, "41 00 00 00 00 00 00 00 01 00", new byte[512]).condition())
        .isEqualTo("7/27/00");
    rig.settle("a", "t", 0); // the list of LUNs is another one
    assertThat(rig.run(READ_ALL).data()).isEqualTo(before);
  }
}
