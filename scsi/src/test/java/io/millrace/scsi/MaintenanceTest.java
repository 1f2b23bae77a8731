package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Timestamp, identifying information and target port groups (SPC-5 §6.29, §6.35, §6.37). */
class MaintenanceTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String TIMESTAMP = "a3 0f 00 00 00 00 00 00 00 ff 00 00";
  private static final String INFORMATION = "a3 05 00 00 00 00 00 00 01 ff 00 00";
  private static final String TEXT = "a3 05 00 00 00 00 00 00 01 ff 04 00";

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    rig.settle("b", "t", 0);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void theTimestampIsThatOfTheHost() {
    long before = System.currentTimeMillis();

    byte[] answer = rig.run(TIMESTAMP).data();

    assertThat(answer).hasSize(12).startsWith(0, 10, 3, 0).endsWith(0, 0);
    assertThat(BigEndian.get(answer, 4, 6)).isBetween(before, System.currentTimeMillis());
  }

  @Test
  void aTimestampThatIsSetGoesOn() {
    byte[] list = new byte[12];
    BigEndian.put32(list, 4, 0x1234_5678L);

    assertThat(rig.run("a4 0f 00 00 00 00 00 00 00 0c 00 00", list).status()).isZero();

    byte[] answer = rig.run(TIMESTAMP).data();
    assertThat(answer).startsWith(0, 10, 2, 0);
    assertThat(BigEndian.get(answer, 4, 6) - 0x1234_5678_0000L).isBetween(0L, 600_000L);
    assertThat(rig.run(READY).status()).isZero();
    assertThat(rig.run("b", "t", 0, READY).condition()).isEqualTo("6/2a/10");
  }

  @Test
  void aTimestampThatIsCutIsRefused() {
    assertThat(rig.run("a4 0f 00 00 00 00 00 00 00 0b 00 00", new byte[11]).condition())
        .isEqualTo("5/1a/00");
    assertThat(rig.run("a4 0f 00 00 00 00 00 00 00 00 00 00").status()).isZero();
    assertThat(rig.run(TIMESTAMP).data()[2]).isEqualTo((byte) 3);
  }

  private Result set(int type, byte... bytes) {
    return rig.run("a4 06 00 00 00 00 %08x %02x 00".formatted(bytes.length, type << 1), bytes);
  }

  @Test
  void identifyingInformationIsKept() {
    assertThat(rig.run(INFORMATION).hex()).isEqualTo("00 00 00 00");
    byte[] text = "Fürth\0".getBytes(StandardCharsets.UTF_8);

    assertThat(set(0, (byte) 1, (byte) 2, (byte) 3).status()).isZero();
    assertThat(rig.run("b", "t", 0, READY).condition()).isEqualTo("6/3f/05");
    assertThat(set(2, text).status()).isZero();

    assertThat(rig.run("b", "t", 0, INFORMATION).condition()).isEqualTo("6/3f/05");
    assertThat(rig.run("b", "t", 0, INFORMATION).hex()).isEqualTo("00 00 00 03 01 02 03");
    assertThat(rig.run(TEXT).hex())
        .isEqualTo("00 00 00 07 " + HexFormat.ofDelimiter(" ").formatHex(text));
    assertThat(set(0).status()).isZero();
    assertThat(rig.run(INFORMATION).hex()).isEqualTo("00 00 00 00");
  }

  @Test
  void whatMayBeKeptIsTold() {
    assertThat(rig.run("a3 05 00 00 00 00 00 00 01 ff fe 00").hex())
        .isEqualTo("00 00 00 08 00 00 00 40 04 00 01 00");
    assertThat(set(0, new byte[64]).status()).isZero();
    assertThat(set(0, new byte[65]).field()).isEqualTo("cdb 6");
    assertThat(set(2, new byte[256]).status()).isZero();
    assertThat(set(2, new byte[257]).field()).isEqualTo("cdb 6");
    assertThat(set(2, (byte) 'a').field()).isEqualTo("parameter 0");
  }

  @ParameterizedTest
  @CsvSource({
    "a3 05 00 00 00 00 00 00 01 ff 02 00, cdb 10 bit 7",
    "a3 05 00 00 00 00 00 00 01 ff 01 00, cdb 10 bit 0",
    "a4 06 00 00 00 00 00 00 00 00 fe 00, cdb 10 bit 7",
    "a4 06 00 00 00 00 00 01 00 01 00 00, cdb 6",
    "a3 4a 00 00 00 00 00 00 01 00 00 00, cdb 1 bit 7",
    "a3 1f 00 00 00 00 00 00 01 00 00 00, cdb 1 bit 4",
  })
  void whatIsNotThereIsPointedAt(String cdb, String field) {
    Result result = rig.run(cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @Test
  void eachPortIsAGroupThatIsAsGoodAsTheOthers() throws Exception {
    rig.add("u", 7, rig.bdevs.get("disk"), false);
    String groups = " 00 01 00 01 00 00 00 01 00 00 00 01 00 01 00 02 00 00 00 01 00 00 00 02";

    assertThat(rig.run("a3 0a 00 00 00 00 00 00 01 00 00 00").hex())
        .isEqualTo("00 00 00 18" + groups);
    assertThat(rig.run("a3 2a 00 00 00 00 00 00 01 00 00 00").hex())
        .isEqualTo("00 00 00 1c 10 00 00 00" + groups);
    assertThat(rig.run("a3 0a 00 00 00 00 00 00 00 04 00 00").hex()).isEqualTo("00 00 00 18");
  }
}
