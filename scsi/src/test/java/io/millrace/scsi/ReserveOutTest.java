package io.millrace.scsi;

import static io.millrace.scsi.ReserveRig.ALL_TG_PT;
import static io.millrace.scsi.ReserveRig.APTPL;
import static io.millrace.scsi.ReserveRig.SPEC_I_PT;
import static io.millrace.scsi.ReserveRig.address;
import static io.millrace.scsi.ReserveRig.id;
import static io.millrace.scsi.ReserveRig.list;
import static io.millrace.scsi.ReserveRig.told;
import static io.millrace.scsi.ReserveRig.withIds;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PERSISTENT RESERVE OUT: registering, reserving, releasing, clearing (SPC-5 §5.13, §6.17). */
class ReserveOutTest {
  private ReserveRig scsi;

  @BeforeEach
  void open() throws Exception {
    scsi = new ReserveRig().ready("a:t", "a:u", "b:t", "b:u", "c:t");
  }

  @AfterEach
  void close() {
    scsi.close();
  }

  @Test
  void aRegistrationComesChangesAndGoes() {
    assertThat(scsi.keys("b:t")).isEqualTo("0:");
    assertThat(scsi.register("a:t", 0, 0)).isEqualTo("00");
    assertThat(scsi.keys("b:t")).isEqualTo("0:");
    assertThat(scsi.register("a:t", 0, 0xa)).isEqualTo("00");
    assertThat(scsi.register("b:t", 0, 0xb)).isEqualTo("00");
    assertThat(scsi.keys("c:t")).isEqualTo("2: a b");
    assertThat(scsi.register("a:t", 0xa, 0xaa)).isEqualTo("00");
    assertThat(scsi.keys("c:t")).isEqualTo("3: aa b");
    assertThat(scsi.register("a:t", 0xaa, 0)).isEqualTo("00");
    assertThat(scsi.keys("c:t")).isEqualTo("4: b");
    assertThat(scsi.attentions("a:t") + scsi.attentions("b:t")).isEmpty();
  }

  @Test
  void aWrongKeyIsAConflictAndChangesNothing() {
    scsi.register("a:t", 0, 0xa);

    assertThat(scsi.register("a:t", 0, 0xc)).isEqualTo("18");
    assertThat(scsi.register("a:t", 0xb, 0xc)).isEqualTo("18");
    assertThat(scsi.register("b:t", 0xa, 0xc)).isEqualTo("18");
    for (String nexus : new String[] {"a:t", "b:t"}) {
      assertThat(scsi.reserve(nexus, 0xb, 1)).isEqualTo("18");
      assertThat(scsi.release(nexus, 0xb, 1)).isEqualTo("18");
      assertThat(scsi.clear(nexus, 0xb)).isEqualTo("18");
      assertThat(scsi.preempt(nexus, 0xb, 0xa, 1)).isEqualTo("18");
      assertThat(scsi.move(nexus, 0xb, 0xd, 0, 1, id("c"))).isEqualTo("18");
    }
    assertThat(scsi.keys("b:t")).isEqualTo("1: a");
    assertThat(scsi.reservation("b:t")).isEmpty();
  }

  @Test
  void theExistingKeyIsIgnored() {
    assertThat(scsi.registerIgnoring("a:t", 0, 0)).isEqualTo("00");
    assertThat(scsi.keys("a:t")).isEqualTo("0:");
    assertThat(scsi.registerIgnoring("a:t", 0xa, 0)).isEqualTo("00");
    assertThat(scsi.registerIgnoring("a:t", 0xa1, 0)).isEqualTo("00");
    assertThat(scsi.keys("a:t")).isEqualTo("2: a1");
    assertThat(scsi.registerIgnoring("a:t", 0, 0)).isEqualTo("00");
    assertThat(scsi.keys("a:t")).isEqualTo("3:");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void aListThatIsTooShortIsRefused(int action) {
    for (int bytes : new int[] {0, 1, 8, 23}) {
      Result result = scsi.out("a:t", action, 1, new byte[bytes]);
      assertThat(told(result)).as("%d bytes", bytes).isEqualTo("5/1a/00");
    }
    assertThat(scsi.keys("a:t")).isEqualTo("0:");
  }

  @Test
  void aListThatIsTooLongIsRefused() {
    byte[] list = Arrays.copyOf(list(0, 0xa, 0), 25);

    assertThat(told(scsi.out("a:t", 0, 0, list))).isEqualTo("5/1a/00");
    assertThat(told(scsi.out("a:t", 6, 0, list))).isEqualTo("5/1a/00");
    Result large = scsi.run("a:t", ReserveRig.cdb(0, 0, 1 << 20));
    assertThat(told(large)).isEqualTo("5/24/00");
    assertThat(large.field()).isEqualTo("cdb 5");
    assertThat(scsi.keys("a:t")).isEqualTo("0:");
  }

  @ParameterizedTest
  @CsvSource({
    "8, cdb 1 bit 4", // REPLACE LOST RESERVATION
    "31, cdb 1 bit 4",
  })
  void aServiceActionThatThereIsNotIsRefused(int action, String field) {
    Result result = scsi.run("a:t", ReserveRig.cdb(action, 0, 24));

    assertThat(told(result)).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, cdb 2 bit 3",
    "1, 2, cdb 2 bit 3",
    "1, 4, cdb 2 bit 3",
    "1, 9, cdb 2 bit 3",
    "1, 15, cdb 2 bit 3",
    "1, 17, cdb 2 bit 7", // a scope that is not the logical unit
    "1, 33, cdb 2 bit 7",
    "4, 2, cdb 2 bit 3",
    "5, 18, cdb 2 bit 7",
  })
  void aTypeOrScopeThatThereIsNotIsRefused(int action, int type, String field) {
    scsi.register("a:t", 0, 0xa);
    if (action != 1) {
      scsi.register("b:t", 0, 0xb);
      scsi.reserve("b:t", 0xb, 1);
    }

    Result result = scsi.out("a:t", action, type, list(0xa, 0xb, 0));

    assertThat(told(result)).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo(field);
    assertThat(scsi.keys("a:t")).isEqualTo(action == 1 ? "1: a" : "2: a b");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6, 7, 8})
  void aReservationIsMadeOnceAndReleasedByItsHolder(int type) {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    assertThat(scsi.reserve("a:t", 0xa, type)).isEqualTo("00");
    boolean all = type >= 7;
    String reserved = (all ? "0" : "a") + " type " + type;

    assertThat(scsi.reservation("c:t")).isEqualTo(reserved);
    assertThat(scsi.reserve("a:t", 0xa, type)).isEqualTo("00");
    assertThat(scsi.reserve("a:t", 0xa, type == 1 ? 3 : 1)).isEqualTo("18");
    assertThat(scsi.reserve("b:t", 0xb, type)).isEqualTo(all ? "00" : "18");
    assertThat(scsi.reservation("c:t")).isEqualTo(reserved);
    // One who is no holder releases nothing, and that is no error.
    assertThat(scsi.release("b:t", 0xb, type == 1 ? 3 : 1)).isEqualTo(all ? "5/26/04" : "00");
    assertThat(scsi.release("a:t", 0xa, type == 1 ? 3 : 1)).isEqualTo("5/26/04");
    assertThat(scsi.release("a:t", 0xa, type | 0x10)).isEqualTo("5/26/04");
    assertThat(scsi.release("a:t", 0xa, 0)).isEqualTo("5/26/04");
    assertThat(scsi.reservation("c:t")).isEqualTo(reserved);

    assertThat(scsi.release("a:t", 0xa, type)).isEqualTo("00");

    assertThat(scsi.reservation("c:t")).isEmpty();
    assertThat(scsi.release("a:t", 0xa, type)).isEqualTo("00");
    assertThat(scsi.keys("c:t")).isEqualTo("2: a b");
    assertThat(scsi.attentions("a:t")).isEmpty();
    assertThat(scsi.attentions("b:t")).isEqualTo(type >= 5 ? "2a/04" : "");
    assertThat(scsi.attentions("c:t")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1, ''", "3, ''", "5, 2a/04", "6, 2a/04"})
  void aHolderThatUnregistersReleases(int type, String others) {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    scsi.reserve("a:t", 0xa, type);

    assertThat(scsi.register("b:t", 0xb, 0)).isEqualTo("00");
    assertThat(scsi.reservation("c:t")).isEqualTo("a type " + type);
    scsi.register("b:t", 0, 0xb);
    assertThat(scsi.register("a:t", 0xa, 0)).isEqualTo("00");

    assertThat(scsi.reservation("c:t")).isEmpty();
    assertThat(scsi.attentions("b:t")).isEqualTo(others);
    assertThat(scsi.attentions("a:t") + scsi.attentions("c:t")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8})
  void ofAllRegistrantsTheLastOneReleases(int type) {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    scsi.reserve("a:t", 0xa, type);

    scsi.register("a:t", 0xa, 0);
    assertThat(scsi.reservation("c:t")).isEqualTo("0 type " + type);
    assertThat(scsi.attentions("b:t")).isEmpty();
    scsi.register("b:t", 0xb, 0);

    assertThat(scsi.reservation("c:t")).isEmpty();
  }

  @Test
  void clearTakesEverythingAndTellsTheOthers() {
    scsi.register("a:t", 0, 0xa);
    scsi.register("b:t", 0, 0xb);
    scsi.register("b:u", 0, 0xb);
    scsi.reserve("b:t", 0xb, 6);

    assertThat(scsi.clear("a:t", 0xa)).isEqualTo("00");

    assertThat(scsi.keys("c:t")).isEqualTo("4:");
    assertThat(scsi.reservation("c:t")).isEmpty();
    assertThat(scsi.attentions("b:t")).isEqualTo("2a/03");
    assertThat(scsi.attentions("b:u")).isEqualTo("2a/03");
    assertThat(scsi.attentions("a:t") + scsi.attentions("a:u") + scsi.attentions("c:t")).isEmpty();
  }

  @Test
  void withAllTargetPortsOneRegistersAtEach() {
    assertThat(told(scsi.out("a:t", 0, 0, list(0, 0xa, ALL_TG_PT)))).isEqualTo("00");
    assertThat(scsi.full("b:t"))
        .containsExactlyInAnyOrder("a port 1 " + address("a"), "a port 2 " + address("a"));
    assertThat(told(scsi.out("a:u", 0, 0, list(0xa, 0xa1, ALL_TG_PT)))).isEqualTo("00");
    assertThat(scsi.keys("b:t")).isEqualTo("2: a1 a1");

    scsi.register("a:u", 0xa1, 0xff);
    assertThat(told(scsi.out("a:t", 0, 0, list(0xa1, 0xa2, ALL_TG_PT)))).isEqualTo("18");
    assertThat(told(scsi.out("a:t", 0, 0, list(0xa1, 0, ALL_TG_PT)))).isEqualTo("18");
    assertThat(scsi.registerIgnoring("a:t", 0xa3, ALL_TG_PT)).isEqualTo("00");
    assertThat(scsi.keys("b:t")).isEqualTo("4: a3 a3");
    assertThat(told(scsi.out("a:t", 0, 0, list(0xa3, 0, ALL_TG_PT)))).isEqualTo("00");
    assertThat(scsi.keys("b:t")).isEqualTo("5:");
  }

  @Test
  void othersAreRegisteredByTheirTransportIds() {
    scsi.register("b:t", 0, 0xb);
    byte[] list = withIds(list(0, 0xa, SPEC_I_PT), id("b"), id("c"), id("later"));

    assertThat(told(scsi.out("a:t", 0, 0, list))).isEqualTo("00");

    assertThat(scsi.full("b:t"))
        .containsExactly(
            "b port 1 " + address("b"),
            "a port 1 " + address("a"),
            "a port 1 " + address("c"),
            "a port 1 " + address("later"));
    assertThat(scsi.reserve("c:t", 0xa, 1)).isEqualTo("00");
    scsi.ready("later:t");
    assertThat(scsi.release("later:t", 0xa, 1)).isEqualTo("00");
    byte[] again = withIds(list(0xa, 0xa1, SPEC_I_PT), id("b"));
    Result result = scsi.out("a:t", 0, 0, again);
    assertThat(told(result)).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo("cdb 1 bit 4");
  }

  @Test
  void transportIdsThatAreNoneAreRefusedAndNobodyIsRegistered() {
    byte[] iscsi = id("b");
    iscsi[0] = 0x45;
    byte[] list = withIds(list(0, 0xa, SPEC_I_PT), id("c"), iscsi);
    Result result = scsi.out("a:t", 0, 0, list);
    assertThat(told(result)).isEqualTo("5/26/00");
    assertThat(result.field()).isEqualTo("parameter 52");
    byte[] whole = withIds(list(0, 0xa, SPEC_I_PT), id("c"), id("b"));
    for (int bytes = 24; bytes < whole.length; bytes++) {
      assertThat(told(scsi.out("a:t", 0, 0, Arrays.copyOf(whole, bytes))))
          .as("%d bytes", bytes)
          .isEqualTo("5/1a/00");
    }
    byte[] odd = whole.clone();
    BigEndian.put32(odd, 24, 47);
    assertThat(told(scsi.out("a:t", 0, 0, odd))).isEqualTo("5/1a/00");
    BigEndian.put32(odd, 24, 0xffff_ffffL);
    assertThat(told(scsi.out("a:t", 0, 0, odd))).isEqualTo("5/1a/00");

    assertThat(scsi.keys("a:t")).isEqualTo("0:");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, parameter 20 bit 0", // APTPL without a store
    "6, 1, parameter 20 bit 0",
    "0, 2, parameter 20 bit 1",
    "0, 128, parameter 20 bit 7",
    "6, 8, parameter 20 bit 3", // SPEC_I_PT is of REGISTER only
  })
  void flagsThatMayNotBeAreRefused(int action, int flags, String field) {
    Result result = scsi.out("a:t", action, 0, list(0, 0xa, flags));

    assertThat(told(result)).isEqualTo("5/26/00");
    assertThat(result.field()).isEqualTo(field);
    assertThat(scsi.keys("a:t")).isEqualTo("0:");
  }

  @Test
  void otherServiceActionsIgnoreAptplAndAllTargetPorts() {
    scsi.register("a:t", 0, 0xa);

    assertThat(told(scsi.out("a:t", 1, 1, list(0xa, 0, APTPL | ALL_TG_PT)))).isEqualTo("00");
    assertThat(told(scsi.out("a:t", 3, 0xff, list(0xa, 0, APTPL | ALL_TG_PT)))).isEqualTo("00");
  }

  @Test
  void thereIsRoomForSoManyRegistrationsOnly() {
    byte[][] ids = new byte[ReservationState.MAX_REGISTRATIONS - 2][];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = id("i" + i);
    }
    assertThat(told(scsi.out("a:t", 0, 0, withIds(list(0, 0xa, SPEC_I_PT), ids)))).isEqualTo("00");
    assertThat(scsi.register("b:t", 0, 0xb)).isEqualTo("00");

    assertThat(scsi.register("c:t", 0, 0xc)).isEqualTo("5/55/04");
    assertThat(scsi.register("b:t", 0xb, 0xb1)).isEqualTo("00");
    assertThat(scsi.register("b:t", 0xb1, 0)).isEqualTo("00");
    assertThat(scsi.register("c:t", 0, 0xc)).isEqualTo("00");
    assertThat(scsi.full("a:t")).hasSize(341); // what 16 KiB have room for
  }
}
