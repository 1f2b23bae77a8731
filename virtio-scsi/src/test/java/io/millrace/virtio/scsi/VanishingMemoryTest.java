package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.PATIENCE;
import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.LinuxFiles;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that a driver takes away while its commands are read from it. */
@Timeout(120)
class VanishingMemoryTest {
  private static final int VERIFY = 0x2f;
  private static final int COMPARE_WITH_DATA = 0x02; // BYTCHK 01b
  private static final int BYTES = 1 << 20; // of each command, brought to memory of the target
  private static final int BLOCKS = BYTES / ScsiHost.BLOCK;
  private static final int ROUNDS = 70; // the target has 64 MiB for such data
  private static final long DISK = VirtioScsi.lun(0, 0);

  @Test
  void memoryForCommandsThatWereCutShortIsGivenBack() throws Exception {
    try (ScsiHost host = new ScsiHost(1)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.add("vm", 0, 0, "disk");
      for (int i = 0; i < ROUNDS; i++) {
        loseMemory(socket);
      }
      try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options())) {
        settle(driver, DISK);
        ScsiResult result = driver.write(DISK, verify(1), new byte[ScsiHost.BLOCK], PATIENCE);
        assertThat(result.isGood()).as(result.condition()).isTrue();
      }
    }
  }

  /** One command is taken, one is for no target, and the data of the third is gone. */
  private static void loseMemory(Path socket) throws Exception {
    try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options())) {
      settle(driver, DISK);
      long there = driver.memory().allocate(BYTES, 4096);
      long gone = driver.memory().allocate(BYTES, 4096);
      LinuxFiles.truncate(driver.memory().file(), gone - driver.memory().address());
      submit(driver, DISK, verify(BLOCKS), there);
      submit(driver, VirtioScsi.lun(1, 0), verify(BLOCKS), there);
      submit(driver, DISK, verify(BLOCKS), gone);
      driver.queue(0).kick();
      int connection = driver.frontend().connection().descriptorNumber();
      assertThat(DescriptorPassing.await(connection, false, (int) PATIENCE.toMillis()))
          .as("the target hangs up")
          .isTrue();
    }
  }

  private static void submit(VirtioScsiDriver driver, long lun, byte[] cdb, long address) {
    assertThat(
            driver
                .queue(0)
                .submit(lun, 0, VirtioScsi.ATTRIBUTE_SIMPLE, cdb, address, BYTES, false, 0))
        .isTrue();
  }

  private static byte[] verify(int blocks) {
    byte[] cdb = transfer(VERIFY, 0, blocks);
    cdb[1] = COMPARE_WITH_DATA;
    return cdb;
  }

  private static ScsiDriverOptions options() {
    return new ScsiDriverOptions(FrontendOptions.defaults(), 1, 128, 32, 34, 16 << 20, false);
  }
}
