package io.millrace.scsi;

import static io.millrace.scsi.ReserveRig.address;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PERSISTENT RESERVE IN, byte by byte (SPC-5 §6.16). */
class ReserveInTest {
  private ReserveRig scsi;

  @BeforeEach
  void open() throws Exception {
    scsi = new ReserveRig().ready("a:t", "b:u");
  }

  @AfterEach
  void close() {
    scsi.close();
  }

  private String in(String nexus, int action, int bytes) {
    return scsi.run(nexus, "5e %02x 00 00 00 00 00 %04x 00".formatted(action, bytes)).hex();
  }

  @Test
  void nothingIsThereAtFirst() {
    assertThat(in("a:t", 0, 255)).isEqualTo("00 00 00 00 00 00 00 00");
    assertThat(in("a:t", 1, 255)).isEqualTo("00 00 00 00 00 00 00 00");
    assertThat(in("a:t", 3, 255)).isEqualTo("00 00 00 00 00 00 00 00");
    assertThat(in("a:t", 2, 255)).isEqualTo("00 08 1c b0 ea 01 00 00");
  }

  @Test
  void keysReservationAndFullStatus() {
    scsi.register("a:t", 0, 0x1122334455667788L);
    scsi.register("b:u", 0, 0xb);
    scsi.reserve("b:u", 0xb, 6);

    assertThat(in("a:t", 0, 255))
        .isEqualTo("00 00 00 02 00 00 00 10 11 22 33 44 55 66 77 88 00 00 00 00 00 00 00 0b");
    assertThat(in("a:t", 1, 255))
        .isEqualTo("00 00 00 02 00 00 00 10 00 00 00 00 00 00 00 0b 00 00 00 00 00 06 00 00");
    assertThat(in("a:t", 3, 255).replace(" ", ""))
        .isEqualTo(
            "0000000200000060"
                + "1122334455667788"
                + "00000000"
                + "0000"
                + "00000000"
                + "0001"
                + "00000018"
                + "06000000"
                + address("a")
                + "000000000000000000000000"
                + "000000000000000b"
                + "00000000"
                + "0106"
                + "00000000"
                + "0002"
                + "00000018"
                + "06000000"
                + address("b")
                + "000000000000000000000000");
  }

  @Test
  void allRegistrantsHoldWithKeyZero() {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:u", 0, 0xb);
    scsi.reserve("b:u", 0xb, 7);

    assertThat(scsi.reservation("a:t")).isEqualTo("0 type 7");
    assertThat(scsi.full("a:t"))
        .containsExactly(
            "a port 1 " + address("a") + " holds 7", "b port 2 " + address("b") + " holds 7");
  }

  @Test
  void anAnswerIsCutToTheRoomThereIsAndItsLengthIsNot() {
    scsi.register("a:t", 0, 0xa);

    assertThat(in("a:t", 0, 0)).isEmpty();
    assertThat(in("a:t", 0, 9)).isEqualTo("00 00 00 01 00 00 00 08 00");
    assertThat(in("a:t", 3, 8)).isEqualTo("00 00 00 01 00 00 00 30");
    assertThat(in("a:t", 2, 3)).isEqualTo("00 08 1c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5e 04 00 00 00 00 00 00 08 00", "5e 1f 00 00 00 00 00 00 08 00"})
  void aServiceActionThatThereIsNotIsRefused(String cdb) {
    Result result = scsi.run("a:t", cdb);

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo("cdb 1 bit 4");
  }

  @Test
  void reservedBitsAreRefused() {
    assertThat(scsi.run("a:t", "5e 20 00 00 00 00 00 00 08 00").field()).isEqualTo("cdb 1 bit 5");
    assertThat(scsi.run("a:t", "5e 00 00 00 00 00 01 00 08 00").field()).isEqualTo("cdb 6 bit 0");
    assertThat(scsi.run("a:t", "5f 00 00 01 00 00 00 00 18 00").field()).isEqualTo("cdb 3 bit 0");
  }

  @Test
  void registrationsStayWhenTheInitiatorGoesAndThePortThatIsGoneHasNoNumber() {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:u", 0, 0xb);
    scsi.reserve("b:u", 0xb, 1);
    Nexus gone = scsi.path("b:u").nexus();
    gone.close();

    assertThat(scsi.full("a:t"))
        .containsExactly("a port 1 " + address("a"), "b port 2 " + address("b") + " holds 1");
    Nexus back = new Nexus(new InitiatorPort("b"), scsi.rig.target("u"));
    LunPath path = back.pathsOn(scsi.rig.reactor).find(0);
    assertThat(path.status().isKeptOut(Access.WRITE)).isFalse();
    scsi.rig.target("u").remove(0, () -> {});
    assertThat(scsi.full("a:t"))
        .containsExactly("a port 1 " + address("a"), "b port 0 " + address("b") + " holds 1");
    back.close();
  }
}
