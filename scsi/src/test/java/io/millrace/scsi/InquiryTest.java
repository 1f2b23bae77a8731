package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Standard INQUIRY data, byte for byte (SPC-5 §6.7.2). */
class InquiryTest {
  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private static String text(byte[] data, int from, int to) {
    return new String(Arrays.copyOfRange(data, from, to), StandardCharsets.US_ASCII);
  }

  @Test
  void aDiskSaysWhatItIs() {
    byte[] data = rig.run("12 00 00 00 ff 00").data();

    assertThat(data).hasSize(96).startsWith(0, 0, 7, 0x12, 91, 0x10, 0, 2);
    assertThat(text(data, 8, 36)).isEqualTo("MILLRACEMalloc disk     0001");
    assertThat(Arrays.copyOfRange(data, 36, 58)).containsOnly(0);
    assertThat(Arrays.copyOfRange(data, 58, 66)).containsExactly(0, 0xc0, 5, 0xc0, 6, 0, 0, 0);
    assertThat(Arrays.copyOfRange(data, 66, 96)).containsOnly(0);
  }

  @Test
  void aLongProductNameIsCutAndHasNoControlCharacters() throws Exception {
    CachedDisk disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);

    byte[] data = rig.run("a", "t", 1, "12 00 00 00 60 00").data();

    assertThat(text(data, 16, 32)).isEqualTo("Cached?test disk");
  }

  @Test
  void aDiskBehindTwoPortsSaysSo() throws Exception {
    rig.add("u", 5, rig.bdevs.get("disk"), false);

    assertThat(rig.run("12 00 00 00 60 00").data()[6]).isEqualTo((byte) 0x10);
  }

  @Test
  void aLunThatLeadsNowhereHasNoDeviceType() {
    Result result = rig.run("a", "t", 9, "12 00 00 00 60 00");

    assertThat(result.status()).isZero();
    assertThat(result.data()).hasSize(96).startsWith(0x7f, 0, 7, 0x12, 91);
    assertThat(rig.run("a", "t", 9, "12 01 00 00 60 00").hex()).isEqualTo("7f 00 00 01 00");
    assertThat(rig.run("a", "t", 9, "12 01 83 00 60 00").condition()).isEqualTo("5/24/00");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "5, 5", "95, 95", "96, 96", "97, 96", "65535, 96"})
  void theAnswerIsCutToTheAllocationLength(int allocation, int bytes) {
    String cdb = "12 00 00 %04x 00".formatted(allocation);

    assertThat(rig.run(cdb).data()).hasSize(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "12 00 83 00 ff 00, cdb 2",
    "12 01 01 00 ff 00, cdb 2",
    "12 01 b3 00 ff 00, cdb 2",
    "12 01 ff 00 ff 00, cdb 2",
    "12 02 00 00 ff 00, cdb 1 bit 1",
    "12 00 00 00 ff 01, cdb 5 bit 0",
  })
  void whatIsNotThereIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void aUnitAttentionStaysPending() {
    assertThat(rig.run("b", "t", 0, "12 00 00 00 60 00").data()).hasSize(96);

    assertThat(rig.run("b", "t", 0, "00 00 00 00 00 00").condition()).isEqualTo("6/29/01");
  }
}
