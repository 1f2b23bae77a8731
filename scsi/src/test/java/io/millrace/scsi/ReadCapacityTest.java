package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.NullBdev;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** READ CAPACITY(10) and (16) (SBC-4 §5.20, §5.21). */
class ReadCapacityTest {
  private static final String TEN = "25 00 00 00 00 00 00 00 00 00";
  private static final String SIXTEEN = "9e 10 00 00 00 00 00 00 00 00 00 00 00 ff 00 00";

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
  void theLastBlockAndItsSizeAreTold() {
    assertThat(rig.run(TEN).hex()).isEqualTo("00 00 0f ff 00 00 02 00");
    assertThat(rig.run(SIXTEEN).hex())
        .isEqualTo("00 00 00 00 00 00 0f ff 00 00 02 00 00 03 80 00" + " 00".repeat(16));
  }

  @Test
  void aDiskThatCannotUnmapHasNoProvisioningManagement() throws Exception {
    CachedDisk disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, SIXTEEN).hex())
        .isEqualTo("00 00 00 00 00 0f ff ff 00 00 10 00 00 02 00 00" + " 00".repeat(16));
  }

  @ParameterizedTest
  @CsvSource({
    "ffffffff, ff ff ff fe 00 00 02 00",
    "100000000, ff ff ff ff 00 00 02 00",
    "100000001, ff ff ff ff 00 00 02 00",
  })
  void tenBytesSayThatTheyDoNotReach(String blocks, String answer) throws Exception {
    Bdev disk = new NullBdev("large", new UUID(1, 2), 512, 512, Long.parseLong(blocks, 16));
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);
    rig.settle("a", "t", 1);

    assertThat(rig.run("a", "t", 1, TEN).hex()).isEqualTo(answer);
    assertThat(BigEndian.get64(rig.run("a", "t", 1, SIXTEEN).data(), 0))
        .isEqualTo(Long.parseLong(blocks, 16) - 1);
  }

  @ParameterizedTest
  @CsvSource({
    "25 00 00 00 00 01 00 00 00 00, cdb 5 bit 0",
    "25 00 00 00 00 00 00 00 01 00, cdb 8 bit 0",
    "9e 10 00 00 00 00 00 00 00 01 00 00 00 20 00 00, cdb 9 bit 0",
    "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 01 00, cdb 14 bit 0",
    "9e 0f 00 00 00 00 00 00 00 00 00 00 00 20 00 00, cdb 1 bit 4",
  })
  void obsoleteFieldsAreZero(String cdb, String field) {
    assertThat(rig.run(cdb).condition()).isEqualTo("5/24/00");
    assertThat(rig.run(cdb).field()).isEqualTo(field);
  }

  @Test
  void theAnswerIsCut() {
    assertThat(rig.run("9e 10 00 00 00 00 00 00 00 00 00 00 00 0c 00 00").data()).hasSize(12);
    assertThat(rig.run("9e 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00").data()).isEmpty();
  }
}
