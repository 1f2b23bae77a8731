package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.scsi.ScsiRig.Result;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** MODE SELECT(6) and (10): what they change, and what they refuse (SPC-5 §6.12, §6.13). */
class ModeSelectTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String CACHE_OFF = "08 12 00" + " 00".repeat(17);
  private static final String CACHE_ON = "08 12 04" + " 00".repeat(17);
  private static final String DESCRIPTOR_SENSE = "0a 0a 06 10 00 40 00 00 00 00 00 00";
  private static final String PROTECT = "0a 0a 02 10 08 40 00 00 00 00 00 00";

  private ScsiRig rig;
  private CachedDisk disk;

  @BeforeEach
  void open() throws Exception {
    rig = new ScsiRig();
    disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 0, disk, false);
    rig.settle("a", "t", 0);
    rig.settle("b", "t", 0);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private Result select6(String list) {
    byte[] bytes = bytes(list);
    return rig.run("15 10 00 00 %02x 00".formatted(bytes.length), bytes);
  }

  private Result select10(String list) {
    byte[] bytes = bytes(list);
    return rig.run("55 10 00 00 00 00 00 %04x 00".formatted(bytes.length), bytes);
  }

  private String page(String code) {
    return rig.run("1a 08 " + code + " 00 ff 00").hex().substring(12);
  }

  @Test
  void withoutAWriteCacheWritesAreDurable() {
    rig.run("2a 00 00 00 00 00 00 00 01 00", new byte[CachedDisk.BLOCK]);

    assertThat(select6("00 00 00 00 " + CACHE_OFF).status()).isZero();

    rig.run("2a 00 00 00 00 00 00 00 01 00", new byte[CachedDisk.BLOCK]);
    assertThat(disk.log).containsExactly("WRITE", "FLUSH", "WRITE FUA");
    assertThat(page("08")).isEqualTo(CACHE_OFF);
    assertThat(select10("00 00 00 00 00 00 00 00 " + CACHE_ON).status()).isZero();
    assertThat(page("08")).isEqualTo(CACHE_ON);
    assertThat(disk.log).hasSize(3);
  }

  @Test
  void aWriteThatIsInFlightIsFlushedToo() {
    disk.holdsWrites = true;
    rig.submit("b", "t", 0, "2a 00 00 00 00 00 00 00 01 00", new byte[CachedDisk.BLOCK]);

    ScsiRig.Task select =
        rig.submit("a", "t", 0, "15 10 00 00 18 00", bytes("00000000" + CACHE_OFF));
    rig.step();
    assertThat(select.over).isFalse();
    assertThat(disk.log).containsExactly("WRITE");
    disk.release();
    for (int i = 0; i < 10; i++) {
      rig.step();
    }

    assertThat(select.over).isTrue();
    assertThat(select.status()).isZero();
    assertThat(disk.log).containsExactly("WRITE", "FLUSH");
  }

  @Test
  void aCacheThatCannotBeEmptiedStaysOn() {
    disk.status = IoStatus.IO_ERROR;

    assertThat(select6("00 00 00 00 " + CACHE_OFF).condition()).isEqualTo("3/0c/00");

    assertThat(page("08")).isEqualTo(CACHE_ON);
  }

  @Test
  void aCacheThatIsOffIsEmptiedAgainWhenAskedFor() {
    select6("00 00 00 00 " + CACHE_OFF);
    rig.settle("b", "t", 0);

    assertThat(select6("00 00 00 00 " + CACHE_OFF).status()).isZero();

    assertThat(disk.log).containsExactly("FLUSH", "FLUSH");
    assertThat(rig.run("b", "t", 0, READY).status()).isZero();
  }

  @Test
  void aFlushThatFailsIsAWriteError() {
    disk.status = IoStatus.IO_ERROR;

    assertThat(rig.run("35 00 00 00 00 00 00 00 00 00").condition()).isEqualTo("3/0c/00");
  }

  @Test
  void senseDataComesAsDescriptors() {
    assertThat(select6("00 00 00 00 " + DESCRIPTOR_SENSE).status()).isZero();

    assertThat(rig.run("ff 00 00 00 00 00").sense()).startsWith(0x72, 5, 0x20, 0);
    assertThat(page("0a")).isEqualTo(DESCRIPTOR_SENSE);
  }

  @Test
  void softwareWriteProtectIsForAll() {
    assertThat(select6("00 00 00 00 " + PROTECT).status()).isZero();
    rig.settle("b", "t", 0);

    byte[] block = new byte[CachedDisk.BLOCK];
    String write = "2a 00 00 00 00 00 00 00 01 00";
    assertThat(rig.run(write, block).condition()).isEqualTo("7/27/00");
    assertThat(rig.run("b", "t", 0, write, block).condition()).isEqualTo("7/27/00");
    assertThat(rig.run("1a 08 01 00 04 00").hex()).isEqualTo("0f 00 90 00");
    assertThat(disk.log).isEmpty();
  }

  @Test
  void theMethodOfReportingIsKept() {
    assertThat(select6("00 00 00 00 1c 0a 00 04 00 00 00 00 00 00 00 00").status()).isZero();

    assertThat(page("1c")).isEqualTo("1c 0a 00 04 00 00 00 00 00 00 00 00");
    assertThat(page("9c")).isEqualTo("1c 0a 00 06 00 00 00 00 00 00 00 00");
  }

  @Test
  void othersAreToldOfAChange() {
    select6("00 00 00 00 " + DESCRIPTOR_SENSE);

    assertThat(rig.run(READY).status()).isZero();
    assertThat(rig.run("b", "t", 0, READY).sense()).startsWith(0x72, 6, 0x2a, 1);
  }

  @Test
  void nobodyIsToldOfNoChange() {
    assertThat(select6("00 00 00 00 " + CACHE_ON).status()).isZero();

    assertThat(rig.run("b", "t", 0, READY).status()).isZero();
    assertThat(disk.log).isEmpty();
  }

  @Test
  void whatModeSenseSaidMayBeSentBack() {
    byte[] all = rig.run("5a 10 3f ff 00 00 00 10 00 00").data();
    all[0] = 0;
    all[1] = 0;

    assertThat(rig.run("55 10 00 00 00 00 00 %04x 00".formatted(all.length), all).status())
        .isZero();
    assertThat(rig.run("b", "t", 0, READY).status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "00 00 00 08 00 10 00 00 00 00 10 00", // what it is
    "00 00 00 08 00 00 00 00 00 00 10 00", // unchanged
    "00 00 00 08 ff ff ff ff 00 00 10 00", // the largest
    "00 00 00 00", // nothing
    "''",
  })
  void aListThatChangesNothingIsGood(String list) {
    assertThat(select6(list).status()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "00 00 00, 5/1a/00, ''",
    "00 00 00 08 00 10 00 00 00 00 10, 5/1a/00, ''",
    "00 00 00 00 08, 5/1a/00, ''",
    "00 00 00 00 08 12 00, 5/1a/00, ''",
    "00 00 00 00 4a 01 00, 5/1a/00, ''",
    "00 01 00 00, 5/26/00, parameter 1",
    "00 00 00 10, 5/26/00, parameter 3",
    "00 00 00 08 00 10 00 01 00 00 10 00, 5/26/00, parameter 4",
    "00 00 00 08 00 10 00 00 00 00 02 00, 5/26/00, parameter 9",
    "00 00 00 00 02 0a 00 00 00 00 00 00 00 00 00 00, 5/26/00, parameter 4 bit 5",
    "00 00 00 00 8a 0a 02 10 00 40 00 00 00 00 00 00, 5/26/00, parameter 4 bit 7",
    "00 00 00 00 0a 0b 02 10 00 40 00 00 00 00 00 00, 5/26/00, parameter 5",
    "00 00 00 00 0a 0a 22 10 00 40 00 00 00 00 00 00, 5/26/00, parameter 6 bit 5",
    "00 00 00 00 0a 0a 02 10 00 00 00 00 00 00 00 00, 5/26/00, parameter 9 bit 6",
    "00 00 00 00 0a 0a 02 10 00 40 00 00 00 00 00 01, 5/26/00, parameter 15 bit 0",
    "00 00 00 00 1c 0a 00 07 00 00 00 00 00 00 00 00, 5/26/00, parameter 7 bit 3",
    "00 00 00 00 4a 00 00 1c, 5/26/00, parameter 4 bit 5",
  })
  void aWrongListIsRefused(String list, String condition, String field) {
    Result result = select6(list);

    assertThat(result.condition()).isEqualTo(condition);
    assertThat(result.field()).isEqualTo(field);
  }

  @ParameterizedTest
  @CsvSource({
    "00 00 00 00 00 00 00, 5/1a/00, ''",
    "00 00 01 00 00 00 00 00, 5/26/00, parameter 2",
    "00 00 00 00 00 00 00 10, 5/26/00, parameter 6",
    "00 00 00 00 01 00 00 08, 5/26/00, parameter 6",
    "00 00 00 00 01 00 00 10 00 00 00 00 00 10 00 01 00 00 00 00 00 00 10 00, 5/26/00,"
        + " parameter 8",
    "00 00 00 00 01 00 00 10 00 00 00 00 00 10 00 00 00 00 00 00 00 00 20 00, 5/26/00,"
        + " parameter 20",
  })
  void aWrongListOfTenBytesIsRefused(String list, String condition, String field) {
    Result result = select10(list);

    assertThat(result.condition()).isEqualTo(condition);
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void nothingIsDoneOfAListThatIsWrongFurtherOn() {
    Result result = select6("00 00 00 00 " + CACHE_OFF + " 0a 0a 06 10 00 00 00 00 00 00 00 00");

    assertThat(result.field()).isEqualTo("parameter 29 bit 6");
    assertThat(page("08")).isEqualTo(CACHE_ON);
    assertThat(disk.log).isEmpty();
    assertThat(rig.run("b", "t", 0, READY).status()).isZero();
  }

  @Test
  void pagesOfAVendorAndSavedOnesAreRefused() {
    assertThat(rig.run("15 00 00 00 04 00", new byte[4]).field()).isEqualTo("cdb 1 bit 4");
    assertThat(rig.run("15 11 00 00 00 00").field()).isEqualTo("cdb 1 bit 0");
    assertThat(rig.run("55 11 00 00 00 00 00 00 00 00").field()).isEqualTo("cdb 1 bit 0");
    assertThat(rig.run("15 00 00 00 00 00").status()).isZero();
  }

  @Test
  void aResetBringsTheDefaultsBack() {
    select6("00 00 00 00 " + DESCRIPTOR_SENSE);

    rig.target("t").unit(0).modes().reset();

    assertThat(page("0a")).isEqualTo("0a 0a 02 10 00 40 00 00 00 00 00 00");
  }
}
