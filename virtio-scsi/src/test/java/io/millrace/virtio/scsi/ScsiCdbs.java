package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsiDriver;
import java.time.Duration;

/** CDBs that tests of this package use. */
final class ScsiCdbs {
  static final Duration PATIENCE = Duration.ofSeconds(10);
  static final byte[] TEST_UNIT_READY = new byte[6];
  static final int READ = 0x28;
  static final int WRITE = 0x2a;

  private static final int MOST_ATTENTIONS = 16;

  private ScsiCdbs() {}

  /** READ(10), WRITE(10), or another command of that form. */
  static byte[] transfer(int opcode, int lba, int blocks) {
    byte[] cdb = new byte[10];
    cdb[0] = (byte) opcode;
    put32(cdb, 2, lba);
    cdb[7] = (byte) (blocks >>> 8);
    cdb[8] = (byte) blocks;
    return cdb;
  }

  /** COMPARE AND WRITE. */
  static byte[] compareAndWrite(int lba, int blocks) {
    byte[] cdb = new byte[16];
    cdb[0] = (byte) 0x89;
    put32(cdb, 6, lba);
    cdb[13] = (byte) blocks;
    return cdb;
  }

  /** A number of four bytes, the highest first. */
  static void put32(byte[] to, int at, int value) {
    for (int i = 0; i < 4; i++) {
      to[at + i] = (byte) (value >>> (24 - 8 * i));
    }
  }

  /** Takes the unit attentions of a LUN. */
  static void settle(VirtioScsiDriver driver, long lun) throws Exception {
    ScsiResult result = readOnceTold(driver, lun, TEST_UNIT_READY, 0);
    assertThat(result.isGood()).as(result.condition()).isTrue();
  }

  /** Does a command as a driver does: again, if a unit attention came instead. */
  static ScsiResult readOnceTold(VirtioScsiDriver driver, long lun, byte[] cdb, int inBytes)
      throws Exception {
    ScsiResult result = driver.read(lun, cdb, inBytes, PATIENCE);
    for (int i = 0; i < MOST_ATTENTIONS && result.condition().startsWith("6/"); i++) {
      result = driver.read(lun, cdb, inBytes, PATIENCE);
    }
    return result;
  }
}
