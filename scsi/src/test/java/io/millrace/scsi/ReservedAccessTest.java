package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which commands a reservation keeps out: SPC-5 tables 66 and 67, SBC-4 table 19, cell by cell. */
class ReservedAccessTest {
  private static final String READ = "28 00 00 00 00 00 00 00 01 00";
  private static final String WRITE = "2a 00 00 00 00 00 00 00 01 00";
  private static final byte[] BLOCK = new byte[512];

  /** a:t holds, b:t is registered, c:t is neither; for each of them: + goes on, - is kept out. */
  @ParameterizedTest
  @CsvSource({
    // type, holder: status read write, registrant, stranger
    "1, +++, ++-, ++-",
    "3, +++, +--, +--",
    "5, +++, +++, ++-",
    "6, +++, +++, +--",
    "7, +++, +++, ++-",
    "8, +++, +++, +--",
  })
  void whoIsKeptOut(int type, String holder, String registrant, String stranger) throws Exception {
    try (ReserveRig scsi = new ReserveRig().ready("a:t", "b:t", "c:t", "a:u")) {
      scsi.register("a:t", 0, 0xa);
      scsi.register("b:t", 0, 0xb);
      assertThat(scsi.reserve("a:t", 0xa, type)).isEqualTo("00");

      assertThat(goesOn(scsi, "a:t")).isEqualTo(holder);
      assertThat(goesOn(scsi, "b:t")).isEqualTo(registrant);
      assertThat(goesOn(scsi, "c:t")).isEqualTo(stranger);
      // The holder by another target port is another nexus, and not registered there.
      assertThat(goesOn(scsi, "a:u")).isEqualTo(stranger);
      assertThat(rules(scsi, "a:t")).isEqualTo("+" + holder + "++");
      assertThat(rules(scsi, "b:t")).isEqualTo("+" + registrant + "+" + (type >= 5 ? "+" : "-"));
      assertThat(rules(scsi, "c:t")).isEqualTo("+" + stranger + "+-");
    }
  }

  private static String goesOn(ReserveRig scsi, String nexus) {
    return sign(scsi.run(nexus, "00 00 00 00 00 00"))
        + sign(scsi.run(nexus, READ))
        + sign(scsi.run(nexus, WRITE, BLOCK));
  }

  private static String sign(Result result) {
    assertThat(result.status()).isIn(ScsiStatus.GOOD, ScsiStatus.RESERVATION_CONFLICT);
    return result.status() == ScsiStatus.GOOD ? "+" : "-";
  }

  private static String rules(ReserveRig scsi, String nexus) {
    StringBuilder all = new StringBuilder();
    for (Access access : Access.values()) {
      all.append(scsi.path(nexus).status().isKeptOut(access) ? '-' : '+');
    }
    return all.toString();
  }

  /** SPC-5 table 68: of nexuses that are not the holder. */
  @ParameterizedTest
  @CsvSource({
    // service action, type, of a registrant, of a stranger; keys are right where there is one
    "0, 1, 00, 00", // REGISTER: another key, and a new registration
    "1, 1, 18, 18",
    "2, 1, 00, 18",
    "3, 1, 00, 18",
    "4, 1, 00, 18",
    "5, 1, 00, 18",
    "6, 1, 00, 00",
    "7, 1, 18, 18",
    "1, 5, 18, 18",
    "2, 5, 00, 18",
    "7, 5, 18, 18",
    "7, 7, 18, 18",
  })
  void reservationCommandsBesideAReservation(
      int action, int type, String registrant, String stranger) throws Exception {
    for (String nexus : new String[] {"b:t", "c:t"}) {
      try (ReserveRig scsi = new ReserveRig().ready("a:t", "b:t", "c:t")) {
        scsi.register("a:t", 0, 0xa);
        scsi.register("b:t", 0, 0xb);
        scsi.reserve("a:t", 0xa, type);
        byte[] list = ReserveRig.list(nexus.equals("b:t") ? 0xb : 0, action == 0 ? 0xc : 0xa, 0);
        if (action == 7) {
          byte[] longer = ReserveRig.withIds(list, ReserveRig.id("c"));
          list = new byte[48];
          System.arraycopy(longer, 0, list, 0, 20);
          System.arraycopy(longer, 24, list, 20, 28);
          BigEndian.put16(list, 18, 1);
        }
        assertThat(ReserveRig.told(scsi.out(nexus, action, type, list)))
            .as(nexus)
            .isEqualTo(nexus.equals("b:t") ? registrant : stranger);
      }
    }
  }

  @Test
  void reserveOfSpc2KeepsEverybodyElseOutOfAlmostEverything() throws Exception {
    try (ReserveRig scsi = new ReserveRig().ready("a:t", "b:t")) {
      assertThat(scsi.run("a:t", "16 00 00 00 00 00").status()).isZero();

      assertThat(goesOn(scsi, "a:t")).isEqualTo("+++");
      assertThat(goesOn(scsi, "b:t")).isEqualTo("---");
      assertThat(rules(scsi, "a:t")).isEqualTo("++++-+");
      assertThat(rules(scsi, "b:t")).isEqualTo("+----+");
    }
  }
}
