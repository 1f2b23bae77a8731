package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of commands at a disk with a cache that can lose writes, and that makes no zeroes.
 */
class LosingDiskTest {
  private ScsiRig rig;
  private LosingDisk disk;
  private LogicalUnit unit;

  @BeforeEach
  void open() throws Exception {
    rig = new ScsiRig();
    disk = new LosingDisk("cached");
    rig.bdevs.register(disk);
    unit = rig.add("t", 0, disk, false);
    rig.settle("a", "t", 0);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aVerifyIsOfTheMedium() {
    rig.run("2f 00 00 00 00 00 00 00 01 00");

    assertThat(disk.asked).containsExactly("FLUSH", "READ");
  }

  @Test
  void writeAndVerifyWritesToTheMedium() {
    rig.run("2e 02 00 00 00 00 00 00 01 00", Data.blocks(1, 1));

    assertThat(disk.asked).containsExactly("FORCED WRITE", "READ");
  }

  @ParameterizedTest
  @CsvSource({"00, true, WRITE", "08, true, FORCED WRITE", "00, false, FORCED WRITE"})
  void compareAndWriteIsForcedByFuaOrWithoutWriteCache(
      String flags, boolean writeCache, String write) {
    unit.modes().change(unit.modes().current(), unit.modes().current().withWriteCache(writeCache));

    rig.run("89 %s 00 00 00 00 00 00 00 00 00 00 00 01 00 00".formatted(flags), new byte[1024]);

    assertThat(disk.asked).containsExactly("READ", write);
  }

  @ParameterizedTest
  @CsvSource({"true, WRITE", "false, FORCED WRITE"})
  void zeroesAreWrittenWhereNobodyMakesThem(boolean writeCache, String write) {
    rig.run("2a 00 00 00 00 00 00 00 02 00", Data.blocks(2, 1));
    unit.modes().change(unit.modes().current(), unit.modes().current().withWriteCache(writeCache));
    disk.asked.clear();

    assertThat(rig.run("93 01 00 00 00 00 00 00 00 00 00 00 02 00 00 00").status()).isZero();

    assertThat(disk.asked).containsExactly(write, write);
    assertThat(rig.run("28 00 00 00 00 00 00 00 02 00").data()).containsOnly(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "41 08 00 00 00 00 00 00 01 00",
        "93 08 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
        "93 09 00 00 00 00 00 00 00 00 00 00 00 01 00 00",
      })
  void unmapIsRefusedWhereThereIsNone(String cdb) {
    boolean hasData = !cdb.startsWith("93 09");

    Result result = rig.run(cdb, new byte[hasData ? 512 : 0]);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo("cdb 1 bit 3");
    assertThat(disk.asked).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "34 00 00 00 00 08 00 02 00 00, 4, 2",
    "34 02 00 00 0f ff 00 00 00 00, 4, 1",
    "34 00 00 00 10 00 00 00 00 00, 4, 0",
    "90 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00, 4, 1",
  })
  void preFetchReadsIntoTheCache(String cdb, int status, int reads) {
    assertThat(rig.run(cdb).status()).isEqualTo(status);
    assertThat(disk.asked).hasSize(reads).allMatch("READ"::equals);
  }

  @ParameterizedTest
  @CsvSource({
    "2f 00 00 00 00 00 00 00 01 00, 0, 3/0c/00",
    "2e 00 00 00 00 00 00 00 01 00, 512, 3/0c/00",
    "41 00 00 00 00 00 00 00 01 00, 512, 3/0c/00",
    "89 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00, 1024, 3/11/00",
    "34 00 00 00 00 00 00 00 01 00, 0, 3/11/00",
  })
  void aMediumThatFailsIsTold(String cdb, int bytes, String condition) {
    disk.answer = IoStatus.IO_ERROR;

    assertThat(rig.run(cdb, new byte[bytes]).condition()).isEqualTo(condition);
  }
}
