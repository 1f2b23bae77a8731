package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.NullBdev;
import io.millrace.scsi.ScsiRig.Result;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** MODE SENSE(6) and (10), byte for byte (SPC-5 §6.14, §7.5). */
class ModeSenseTest {
  private static final String RECOVERY = "01 0a 00 00 00 00 00 00 00 00 00 00";
  private static final String ZEROES_9 = " 00 00 00 00 00 00 00 00 00";
  private static final String ZEROES_27 = ZEROES_9 + ZEROES_9 + ZEROES_9;
  private static final String CACHING = "08 12" + ZEROES_9 + ZEROES_9;
  private static final String CONTROL = "0a 0a 02 10 00 40 00 00 00 00 00 00";
  private static final String EXTENSION = "4a 01 00 1c 07" + ZEROES_27;
  private static final String POWER = "1a 26 00 00" + ZEROES_27 + ZEROES_9;
  private static final String EXCEPTIONS = "1c 0a 00 06 00 00 00 00 00 00 00 00";

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    CachedDisk cached = new CachedDisk("cached");
    rig.bdevs.register(cached);
    rig.add("t", 1, cached, false);
    rig.add("t", 2, rig.bdevs.get("disk"), true);
    for (int lun = 0; lun < 3; lun++) {
      rig.settle("a", "t", lun);
    }
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void allPagesComeInTheirOrder() {
    assertThat(rig.run("1a 08 3f 00 ff 00").hex())
        .isEqualTo(String.join(" ", "63 00 10 00", RECOVERY, CACHING, CONTROL, POWER, EXCEPTIONS));
  }

  @Test
  void allPagesAndSubpagesComeInTheirOrder() {
    assertThat(rig.run("5a 08 3f ff 00 00 00 10 00 00").hex())
        .isEqualTo(
            String.join(
                " ",
                "00 86 00 10 00 00 00 00",
                RECOVERY,
                CACHING,
                CONTROL,
                EXTENSION,
                POWER,
                EXCEPTIONS));
  }

  @ParameterizedTest
  @CsvSource({
    "01, 00, " + RECOVERY,
    "08, 00, " + CACHING,
    "08, ff, " + CACHING,
    "0a, 00, " + CONTROL,
    "0a, 01, " + EXTENSION,
    "0a, ff, " + CONTROL + " " + EXTENSION,
    "1a, 00, " + POWER,
    "1c, 00, " + EXCEPTIONS,
  })
  void aPageComesAlone(String page, String subpage, String bytes) {
    Result result = rig.run("1a 08 " + page + " " + subpage + " ff 00");

    assertThat(result.hex().substring("xx 00 10 00 ".length())).isEqualTo(bytes);
    assertThat(result.data()[0]).isEqualTo((byte) (result.data().length - 1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 48, 00", // changeable bits of caching where there is no cache
    "1, 48, 04",
    "1, 08, 04",
    "1, 88, 04",
  })
  void writeCacheIsChangeableWhereThereIsOne(int lun, String page, String flags) {
    assertThat(rig.run("a", "t", lun, "1a 08 " + page + " 00 ff 00").hex())
        .isEqualTo("17 00 10 00 08 12 " + flags + " 00".repeat(17));
  }

  @Test
  void changeableBitsAreMarked() {
    assertThat(rig.run("1a 08 4a 00 ff 00").hex())
        .isEqualTo("0f 00 10 00 0a 0a 04 00 08 00 00 00 00 00 00 00");
    assertThat(rig.run("1a 08 5c 00 ff 00").hex())
        .isEqualTo("0f 00 10 00 1c 0a 00 0f 00 00 00 00 00 00 00 00");
    assertThat(rig.run("1a 08 4a 01 ff 00").hex())
        .isEqualTo("23 00 10 00 4a 01 00 1c" + " 00".repeat(28));
  }

  @Test
  void blockDescriptorsAreShortOrLong() {
    assertThat(rig.run("1a 00 01 00 ff 00").hex())
        .isEqualTo("17 00 10 08 00 00 10 00 00 00 02 00 " + RECOVERY);
    assertThat(rig.run("5a 00 01 00 00 00 00 01 00 00").hex())
        .isEqualTo("00 1a 00 10 00 00 00 08 00 00 10 00 00 00 02 00 " + RECOVERY);
    assertThat(rig.run("5a 10 01 00 00 00 00 01 00 00").hex())
        .isEqualTo(
            "00 22 00 10 01 00 00 10 00 00 00 00 00 00 10 00 00 00 00 00 00 00 02 00 " + RECOVERY);
    assertThat(rig.run("5a 18 01 00 00 00 00 01 00 00").hex())
        .isEqualTo("00 12 00 10 00 00 00 00 " + RECOVERY);
  }

  @Test
  void aShortDescriptorSaysThatItDoesNotReach() throws Exception {
    Bdev disk = new NullBdev("large", new UUID(1, 2), 4096, 4096, 1L << 33);
    rig.bdevs.register(disk);
    rig.add("t", 3, disk, false);
    rig.settle("a", "t", 3);

    assertThat(rig.run("a", "t", 3, "1a 00 01 00 0c 00").hex())
        .isEqualTo("17 00 10 08 ff ff ff ff 00 00 10 00");
  }

  @Test
  void aWayForReadingIsWriteProtected() {
    assertThat(rig.run("a", "t", 2, "1a 08 01 00 04 00").hex()).isEqualTo("0f 00 90 00");
    assertThat(rig.run("a", "t", 2, "5a 08 01 00 00 00 00 00 08 00").hex())
        .isEqualTo("00 12 00 90 00 00 00 00");
  }

  @ParameterizedTest
  @CsvSource({
    "1a 08 02 00 ff 00, 5/24/00, cdb 2 bit 5",
    "1a 08 00 00 ff 00, 5/24/00, cdb 2 bit 5",
    "1a 08 08 01 ff 00, 5/24/00, cdb 3",
    "1a 08 3f 01 ff 00, 5/24/00, cdb 3",
    "1a 08 3f fe ff 00, 5/24/00, cdb 3",
    "1a 08 c8 00 ff 00, 5/39/00, ''",
    "5a 08 ff 00 00 00 00 00 ff 00, 5/39/00, ''",
    "1a 18 08 00 ff 00, 5/24/00, cdb 1 bit 4",
    "5a 28 08 00 00 00 00 00 ff 00, 5/24/00, cdb 1 bit 5",
  })
  void whatIsNotThereIsPointedAt(String cdb, String condition, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo(condition);
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void theAnswerIsCutAndSaysHowLongItIs() {
    assertThat(rig.run("1a 08 3f 00 01 00").hex()).isEqualTo("63");
    assertThat(rig.run("1a 08 3f 00 00 00").data()).isEmpty();
  }
}
