package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands that move blocks, as a guest sees them. */
class BlockCommandsTest {
  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private static byte[] data(int blocks, long seed) {
    byte[] bytes = new byte[blocks * ScsiRig.BLOCK];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "0a 00 00 10 02 00, 08 00 00 10 02 00",
    "2a 00 00 00 00 10 00 00 02 00, 28 00 00 00 00 10 00 00 02 00",
    "2a 08 00 00 00 10 00 00 02 00, 28 18 00 00 00 10 00 00 02 00",
    "aa 00 00 00 00 10 00 00 00 02 00 00, a8 00 00 00 00 10 00 00 00 02 00 00",
    "8a 00 00 00 00 00 00 00 00 10 00 00 00 02 00 00, 88 00 00 00 00 00 00 00 00 10 00 00 00 02 00 00",
    "7f 00 00 00 00 00 00 18 00 0b 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 02,"
        + "7f 00 00 00 00 00 00 18 00 09 08 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00"
        + " 02",
  })
  void whatIsWrittenIsRead(String write, String read) {
    byte[] written = data(2, 1);

    assertThat(rig.run(write, written).status()).isZero();
    assertThat(rig.run(read).data()).isEqualTo(written);
    assertThat(rig.run("28 00 00 00 00 10 00 00 02 00").data()).isEqualTo(written);
  }

  @Test
  void aLongCdbHasAnyNumberOfBlocks() {
    byte[] written = data(200, 3);
    String cdb =
        "7f 00 00 00 00 00 00 18 00 %s 00 00 00 00 00 00 00 00 00 90 00 00 00 00 00 00 00 00"
            + " 00 00 00 c8";

    assertThat(rig.run(cdb.formatted("0b"), written).status()).isZero();
    assertThat(rig.run(cdb.formatted("09")).data()).isEqualTo(written);
  }

  @Test
  void tagsOfALongCdbAreIgnoredAsThereIsNoProtectionInformation() {
    byte[] written = data(2, 4);
    String cdb =
        "7f 00 00 00 00 00 00 18 00 %s 00 00 00 00 00 00 00 00 00 90 ff ff ff ff ff ff ff ff"
            + " 00 00 00 02";

    assertThat(rig.run(cdb.formatted("0b"), written).status()).isZero();
    assertThat(rig.run(cdb.formatted("09")).data()).isEqualTo(written);
    assertThat(rig.run(cdb.formatted("0a")).status()).isZero();
    assertThat(rig.run("28 00 00 00 00 90 00 00 02 00").data()).isEqualTo(written);
  }

  @Test
  void aLongTransferIsDoneInParts() {
    byte[] written = data(2048, 2);

    assertThat(rig.run("2a 00 00 00 00 00 00 08 00 00", written).status()).isZero();
    assertThat(rig.run("28 08 00 00 00 00 00 08 00 00").data()).isEqualTo(written);
  }

  @Test
  void sixBytesWithNoLengthMean256Blocks() {
    assertThat(rig.run("08 00 00 00 00 00").data()).hasSize(256 * ScsiRig.BLOCK);
  }

  @ParameterizedTest
  @CsvSource({
    "28 00 00 00 10 00 00 00 01 00, 5/21/00",
    "28 00 00 00 0f ff 00 00 02 00, 5/21/00",
    "28 00 ff ff ff ff 00 00 00 00, 5/21/00",
    "88 00 ff ff ff ff ff ff ff ff 00 00 00 01 00 00, 5/21/00",
    "88 00 7f ff ff ff ff ff ff ff ff ff ff ff 00 00, 5/21/00",
    "35 00 00 00 10 00 00 00 01 00, 5/21/00",
    "fe 00 00 00 00 00, 5/20/00",
  })
  void whatIsBeyondTheEndOrUnknownIsRefused(String cdb, String condition) {
    assertThat(rig.run(cdb).condition()).isEqualTo(condition);
  }

  @ParameterizedTest
  @CsvSource({
    "28 20 00 00 00 00 00 00 01 00, cdb 1 bit 7",
    "88 40 00 00 00 00 00 00 00 00 00 00 00 01 00 00, cdb 1 bit 7",
    "28 00 00 00 00 00 00 00 01 04, cdb 9 bit 2",
    "28 00 00 00 00 00 01 00 01 00, cdb 6 bit 5",
    "28 00 00 00 00 00 41 00 01 00, cdb 6 bit 6",
    "a8 00 00 00 00 00 00 00 00 01 02 00, cdb 10 bit 5",
    "8a 00 00 00 00 00 00 00 00 00 00 00 00 01 04 00, cdb 14 bit 5",
    "42 00 00 00 00 00 01 00 00 00, cdb 6 bit 5",
    "35 00 00 00 00 00 01 00 00 00, cdb 6 bit 5",
    "00 00 00 80 00 00, cdb 3 bit 7",
    "7f 00 00 00 00 00 00 18 00 1f 00 00 00 00 00 00 00 00 00 10, cdb 8",
    "7f 00 00 00 00 00 00 17 00 09 00 00 00 00 00 00 00 00 00 10, cdb 7 bit 2",
    "7f 00 00 00 00 00 00 18 00 09 20 00 00 00 00 00 00 00 00 10, cdb 10 bit 7",
    "7f 00 00 00 00 00 01 18 00 09 00 00 00 00 00 00 00 00 00 10, cdb 6 bit 5",
    "7f 00 00 00 00 00 00 10 00 09 00 00 00 00 00 00 00 00 00 10, cdb 7",
  })
  void aFieldThatMayNotBeSoIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void unmappedBlocksReadAsZeroes() {
    rig.run("2a 00 00 00 00 00 00 00 40 00", data(64, 3));
    byte[] list = new byte[8 + 32];
    BigEndian.put16(list, 2, 32);
    BigEndian.put64(list, 8, 4);
    BigEndian.put32(list, 16, 8);
    BigEndian.put64(list, 24, 20);
    BigEndian.put32(list, 32, 1);

    assertThat(rig.run("42 00 00 00 00 00 00 00 28 00", list).status()).isZero();

    byte[] expected = data(64, 3);
    Arrays.fill(expected, 4 * 512, 12 * 512, (byte) 0);
    Arrays.fill(expected, 20 * 512, 21 * 512, (byte) 0);
    assertThat(rig.run("28 00 00 00 00 00 00 00 40 00").data()).isEqualTo(expected);
  }

  @Test
  void aWayForReadingTakesNoWrites() throws Exception {
    rig.add("t", 1, rig.bdevs.get("disk"), true);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, "2a 00 00 00 00 00 00 00 01 00", data(1, 1)).condition())
        .isEqualTo("7/27/00");
  }

  @Test
  void aLunThatLeadsNowhereSaysSo() {
    assertThat(rig.run("a", "t", 7, "00 00 00 00 00 00").condition()).isEqualTo("5/25/00");
  }

  @Test
  void anInitiatorIsToldOfThePowerOnFirst() {
    assertThat(rig.run("b", "t", 0, "00 00 00 00 00 00").condition()).isEqualTo("6/29/01");
    assertThat(rig.run("b", "t", 0, "00 00 00 00 00 00").status()).isZero();
  }
}
