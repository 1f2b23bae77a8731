package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.PATIENCE;
import static io.millrace.virtio.scsi.ScsiCdbs.TEST_UNIT_READY;
import static io.millrace.virtio.scsi.ScsiCdbs.readOnceTold;
import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiEventSeen;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A controller as a driver of ours sees it. */
@Timeout(60)
class ScsiServingTest {
  private static final int BLOCKS = 64;

  private ScsiHost host;
  private Path socket;

  @BeforeEach
  void open() throws Exception {
    host = new ScsiHost(2);
    socket = host.controller("vm");
    host.malloc("disk");
    host.add("vm", 0, 0, "disk");
  }

  @AfterEach
  void close() throws Exception {
    host.close();
  }

  private static ScsiDriverOptions options(long features) {
    return ScsiDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults().withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features));
  }

  private VirtioScsiDriver driver() throws Exception {
    return VirtioScsiDriver.open(socket, ScsiDriverOptions.defaults());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, VirtioFeature.RING_PACKED, VirtioFeature.INDIRECT_DESC})
  void whatIsWrittenIsRead(long features) throws Exception {
    byte[] data = new byte[BLOCKS * ScsiHost.BLOCK];
    new Random(features).nextBytes(data);
    try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options(features))) {
      long lun = VirtioScsi.lun(0, 0);
      settle(driver, lun);

      assertThat(driver.write(lun, transfer(0x2a, 1000, BLOCKS), data, PATIENCE).isGood()).isTrue();
      ScsiResult read = driver.read(lun, transfer(0x28, 1000, BLOCKS), data.length, PATIENCE);

      assertThat(read.isGood()).isTrue();
      assertThat(read.data()).isEqualTo(data);
      assertThat(read.residual()).isZero();
    }
  }

  @Test
  void aBufferThatIsLongerThanTheDataHasAResidual() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      long lun = VirtioScsi.lun(0, 0);
      settle(driver, lun);

      ScsiResult read = driver.read(lun, transfer(0x28, 0, 1), 4096, PATIENCE);

      assertThat(read.isGood()).isTrue();
      assertThat(read.residual()).isEqualTo(4096 - 512);
      assertThat(read.data()).isEqualTo(new byte[512]);
    }
  }

  @Test
  void aBufferThatIsTooShortIsAnOverrun() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      long lun = VirtioScsi.lun(0, 0);
      settle(driver, lun);

      assertThat(driver.read(lun, transfer(0x28, 0, 2), 512, PATIENCE).response())
          .isEqualTo(VirtioScsi.S_OVERRUN);
      assertThat(driver.write(lun, transfer(0x2a, 0, 2), new byte[512], PATIENCE).response())
          .isEqualTo(VirtioScsi.S_OVERRUN);
    }
  }

  @Test
  void whatIsWrongIsToldInSenseData() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      long lun = VirtioScsi.lun(0, 0);
      assertThat(driver.read(lun, TEST_UNIT_READY, 0, PATIENCE).condition()).isEqualTo("6/29/01");
      settle(driver, lun);

      ScsiResult result = driver.read(lun, transfer(0x28, 0x8000, 1), 512, PATIENCE);

      assertThat(result.status()).isEqualTo(2);
      assertThat(result.condition()).isEqualTo("5/21/00");
      assertThat(result.residual()).isEqualTo(512);
    }
  }

  @Test
  void aTargetThatIsNotThereIsABadOneAndALunThatIsNotThereAWrongOne() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      assertThat(driver.read(VirtioScsi.lun(1, 0), TEST_UNIT_READY, 0, PATIENCE).response())
          .isEqualTo(VirtioScsi.S_BAD_TARGET);
      assertThat(driver.read(0, TEST_UNIT_READY, 0, PATIENCE).response())
          .isEqualTo(VirtioScsi.S_BAD_TARGET);
      assertThat(driver.read(VirtioScsi.lun(0, 5), TEST_UNIT_READY, 0, PATIENCE).condition())
          .isEqualTo("5/25/00");
      long flat = 0x0100_4000_0000_0000L; // LUN 0 in the other way to write it
      assertThat(driver.read(flat, TEST_UNIT_READY, 0, PATIENCE).condition()).isEqualTo("6/29/01");
      long wellKnown = 0x0100_c101_0000_0000L;
      assertThat(driver.read(wellKnown, TEST_UNIT_READY, 0, PATIENCE).isGood()).isTrue();
      long nowhere = 0x0100_4000_0001_0000L; // a second level
      assertThat(driver.read(nowhere, TEST_UNIT_READY, 0, PATIENCE).condition())
          .isEqualTo("5/25/00");
    }
  }

  @Test
  void logicalUnitsComeAndGoAndTheDriverIsTold() throws Exception {
    host.malloc("second");
    try (VirtioScsiDriver driver = driver()) {
      settle(driver, VirtioScsi.lun(0, 0));

      host.add("vm", 255, 16383, "second");
      assertThat(driver.nextEvent(PATIENCE))
          .isEqualTo(new ScsiEventSeen(1, VirtioScsi.lun(255, 16383), 1));
      settle(driver, VirtioScsi.lun(255, 16383));

      host.until(() -> host.get("vm").removeTarget(255));
      assertThat(driver.nextEvent(PATIENCE))
          .isEqualTo(new ScsiEventSeen(1, VirtioScsi.lun(255, 16383), 2));
      assertThat(driver.read(VirtioScsi.lun(255, 16383), TEST_UNIT_READY, 0, PATIENCE).response())
          .isEqualTo(VirtioScsi.S_BAD_TARGET);
    }
  }

  @Test
  void anInitiatorIsToldThatTheListOfLogicalUnitsChanged() throws Exception {
    host.malloc("second");
    try (VirtioScsiDriver driver = driver()) {
      settle(driver, VirtioScsi.lun(0, 0));

      host.add("vm", 0, 3, "second");

      assertThat(driver.read(VirtioScsi.lun(0, 0), TEST_UNIT_READY, 0, PATIENCE).condition())
          .isEqualTo("6/3f/0e");
    }
  }

  @Test
  void whatWritesThroughOneControllerIsSeenThroughTheOther() throws Exception {
    Path other = host.controller("other");
    host.add("other", 2, 1, "disk");
    byte[] data = new byte[ScsiHost.BLOCK];
    new Random(3).nextBytes(data);
    try (VirtioScsiDriver one = driver();
        VirtioScsiDriver two = VirtioScsiDriver.open(other, ScsiDriverOptions.defaults())) {
      settle(one, VirtioScsi.lun(0, 0));
      settle(two, VirtioScsi.lun(2, 1));

      one.write(VirtioScsi.lun(0, 0), transfer(0x2a, 7, 1), data, PATIENCE);

      assertThat(two.read(VirtioScsi.lun(2, 1), transfer(0x28, 7, 1), 512, PATIENCE).data())
          .isEqualTo(data);
    }
  }

  @Test
  void aDriverThatComesBackFindsItsDisk() throws Exception {
    byte[] data = new byte[ScsiHost.BLOCK];
    new Random(4).nextBytes(data);
    try (VirtioScsiDriver driver = driver()) {
      long lun = VirtioScsi.lun(0, 0);
      settle(driver, lun);
      driver.write(lun, transfer(0x2a, 9, 1), data, PATIENCE);

      driver.reconnect(socket);

      // The session before may still take a command while this one's rings wait for its end: what
      // it answers takes nothing of what this one has to tell.
      assertThat(readOnceTold(driver, lun, transfer(0x28, 9, 1), 512).data()).isEqualTo(data);
      host.malloc("second");
      host.add("vm", 1, 0, "second");
      assertThat(driver.nextEvent(PATIENCE).lun()).isEqualTo(VirtioScsi.lun(1, 0));
    }
  }
}
