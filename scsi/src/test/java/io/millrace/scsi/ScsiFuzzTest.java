package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Any CDB of any bytes, with any data, on any LUN: one end, with a status and sense data that the
 * standard knows, after bounded work; no block changes that it is not about, no byte around its
 * memory.
 */
class ScsiFuzzTest {
  private static final int COMMANDS = 600;

  /**
   * One try.
   *
   * @param input LUN, task attribute, CDB of 32 bytes and data, again and again
   */
  @FuzzTest
  void anyCommandEndsAsTheStandardKnowsIt(byte[] input) throws Exception {
    try (AnyCommand rig = new AnyCommand()) {
      for (int at = 0; at < input.length; at += AnyCommand.RECORD_BYTES) {
        rig.run(input, at);
      }
    }
  }

  /** The same without a fuzzer: CDBs that are nearly right, as few of random bytes are. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void commandsThatAreNearlyRightEndToo(long seed) throws Exception {
    Random random = new Random(seed);
    byte[] record = new byte[AnyCommand.RECORD_BYTES];
    try (AnyCommand rig = new AnyCommand()) {
      for (int i = 0; i < COMMANDS; i++) {
        nearlyRight(random, record);
        rig.run(record, 0);
      }

      assertThat(rig.good).as("that were done").isGreaterThan(COMMANDS / 10);
    }
  }

  /** A row of the table, its fields small numbers or anything; one bit in eight CDBs is wrong. */
  private static void nearlyRight(Random random, byte[] record) {
    random.nextBytes(record);
    record[0] = (byte) (random.nextInt(8) == 0 ? random.nextInt(4) : 0);
    record[1] = (byte) (random.nextInt(8) == 0 ? random.nextInt(4) : 0);
    ScsiCommand command =
        CommandTable.commands().get(random.nextInt(CommandTable.commands().size()));
    byte[] usage = command.usage();
    for (int i = 0; i < usage.length; i++) {
      int any = random.nextInt(4) == 0 ? random.nextInt(256) : 0;
      record[2 + i] = (byte) (any & usage[i]);
    }
    record[2] = usage[0];
    if (command.serviceAction() != ScsiCommand.NO_ACTION) {
      int at = CommandTable.actionByte(command.opcode());
      record[2 + at] = (byte) command.serviceAction();
    }
    if (command.opcode() == CommandTable.VARIABLE_LENGTH) {
      record[2 + CommandTable.ADDITIONAL_LENGTH_AT] = CommandTable.ADDITIONAL_LENGTH;
    }
    if (command.length.width() > 0) {
      record[2 + command.length.at() + command.length.width() - 1] = (byte) random.nextInt(256);
    }
    if (random.nextInt(8) == 0) {
      record[2 + random.nextInt(usage.length)] ^= (byte) (1 << random.nextInt(8));
    }
  }
}
