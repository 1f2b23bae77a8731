package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ScsiRig.Result;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-5 §6.33, §6.34). */
class SupportedOperationsTest {
  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
    CachedDisk cached = new CachedDisk("cached");
    rig.bdevs.register(cached);
    rig.add("t", 1, cached, false);
    rig.settle("a", "t", 0);
    rig.settle("a", "t", 1);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private static String ask(int options, int opcode, int action) {
    return "a3 0c %02x %02x %04x 00 01 00 00 00 00".formatted(options, opcode, action);
  }

  /** Operation codes and service actions that a list has. */
  private Set<Integer> listed(int lun) {
    byte[] list = rig.run("a", "t", lun, ask(0, 0, 0)).data();
    assertThat(BigEndian.get32(list, 0)).isEqualTo(list.length - 4);
    Set<Integer> all = new HashSet<>();
    for (int at = 4; at < list.length; at += 8) {
      int action = BigEndian.get16(list, at + 2);
      boolean hasAction = list[at + 5] == 1;
      assertThat(all.add(BigEndian.get8(list, at) << 16 | (hasAction ? action : 0xffff))).isTrue();
    }
    return all;
  }

  @Test
  void everyCommandOfTheTableIsListed() {
    Set<Integer> all = listed(0);

    assertThat(all).hasSize(CommandTable.commands().size());
    assertThat(all).contains(0x12ffff, 0x42ffff, 0x9e0010, 0xa3000c, 0x7f0009);
  }

  @Test
  void whatTheDiskCannotDoIsNeitherListedNorDone() {
    assertThat(listed(1)).doesNotContain(0x42ffff);
    assertThat(rig.run("a", "t", 1, ask(1, 0x42, 0)).hex()).isEqualTo("00 01 00 00");
    assertThat(rig.run("a", "t", 1, "42 00 00 00 00 00 00 00 00 00").condition())
        .isEqualTo("5/20/00");
  }

  @Test
  void everyCommandMayBeAskedForAlone() {
    for (ScsiCommand command : CommandTable.commands()) {
      boolean hasAction = command.serviceAction() != ScsiCommand.NO_ACTION;
      int action = hasAction ? command.serviceAction() : 0;
      byte[] usage = command.usage();

      byte[] precise = rig.run(ask(hasAction ? 2 : 1, command.opcode(), action)).data();
      byte[] either = rig.run(ask(3, command.opcode(), action)).data();

      assertThat(precise).startsWith(0, 3).hasSize(4 + usage.length).isEqualTo(either);
      assertThat(BigEndian.get16(precise, 2)).isEqualTo(usage.length);
      assertThat(Arrays.copyOfRange(precise, 4, precise.length)).isEqualTo(usage);
      assertThat(precise[4]).isEqualTo((byte) command.opcode());
    }
  }

  @Test
  void usageDataHaveTheServiceActionInTheirPlace() {
    assertThat(rig.run(ask(2, 0xa3, 0x0c)).hex())
        .isEqualTo("00 03 00 0c a3 0c 87 ff ff ff ff ff ff ff 00 00");
    assertThat(rig.run(ask(1, 0x12, 0)).hex()).isEqualTo("00 03 00 06 12 01 ff ff ff 00");
  }

  @ParameterizedTest
  @CsvSource({
    "1, ff, 0",
    "2, ff, 1",
    "2, a3, 1f",
    "2, a3, ffff",
    "3, ff, 0",
    "3, 12, 1",
    "3, 9e, 0"
  })
  void whatIsNotInTheTableIsNotSupported(int options, String opcode, String action) {
    String cdb = ask(options, Integer.parseInt(opcode, 16), Integer.parseInt(action, 16));

    assertThat(rig.run(cdb).hex()).isEqualTo("00 01 00 00");
  }

  @ParameterizedTest
  @CsvSource({"1, a3, 0c", "1, 7f, 09", "2, 12, 0", "4, 12, 0", "7, 12, 0"})
  void aQuestionThatDoesNotFitTheCommandIsRefused(int options, String opcode, String action) {
    Result result =
        rig.run(ask(options, Integer.parseInt(opcode, 16), Integer.parseInt(action, 16)));

    assertThat(result.condition()).isEqualTo("5/24/00");
    assertThat(result.field()).isEqualTo("cdb 2 bit 2");
  }

  @Test
  void timeoutsAreToldWhenAskedFor() {
    String none = " 00 0a" + " 00".repeat(10);

    assertThat(rig.run(ask(0x81, 0x00, 0)).hex()).isEqualTo("00 83 00 06 00 00 00 00 00 00" + none);
    byte[] all = rig.run(ask(0x80, 0, 0)).data();
    assertThat(all).hasSize(4 + 20 * CommandTable.commands().size());
    assertThat(all[4 + 5] & 2).isEqualTo(2);
    assertThat(BigEndian.get16(all, 12)).isEqualTo(10);
  }

  @Test
  void taskManagementFunctionsAreTold() {
    assertThat(rig.run("a3 0d 00 00 00 00 00 00 01 00 00 00").hex()).isEqualTo("dc 03 00 00");
    assertThat(rig.run("a3 0d 80 00 00 00 00 00 01 00 00 00").hex())
        .isEqualTo("dc 03 00 0c" + " 00".repeat(12));
    assertThat(rig.run("a3 0d 80 00 00 00 00 00 00 04 00 00").data()).hasSize(4);
    assertThat(rig.run("a3 0d 00 00 00 00 00 00 00 03 00 00").field()).isEqualTo("cdb 6");
    assertThat(rig.run("a3 0d 01 00 00 00 00 00 01 00 00 00").field()).isEqualTo("cdb 2 bit 0");
  }
}
