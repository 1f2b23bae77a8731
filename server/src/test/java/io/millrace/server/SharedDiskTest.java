package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiEventSeen;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.BackendMessage;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One bdev is a block device and a logical unit at once. */
@Timeout(120)
class SharedDiskTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long WAIT = PATIENCE.toNanos();
  private static final long LUN = VirtioScsi.lun(0, 0);
  private static final int BYTES = 8192;
  private static final int BLOCKS = BYTES / 512;
  private static final byte[] TEST_UNIT_READY = new byte[6];
  private static final byte[] READ_CAPACITY = new byte[10];

  @TempDir Path dir;
  private Path image;
  private Target target;
  private VirtioBlkDriver blk;
  private VirtioScsiDriver scsi;
  private long buffer;

  @BeforeEach
  void serve() throws Exception {
    image = Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    Path configuration = dir.resolve("config.json");
    Files.writeString(
        configuration,
        """
        {"subsystems": [
          {"subsystem": "bdev", "config": [
            {"method": "bdev_aio_create",
             "params": {"name": "D", "filename": "%s", "block_size": 512}}]},
          {"subsystem": "vhost_blk", "config": [
            {"method": "vhost_create_blk_controller", "params": {"ctrlr": "b", "dev_name": "D"}}]},
          {"subsystem": "vhost_scsi", "config": [
            {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "s"}},
            {"method": "vhost_scsi_controller_add_target",
             "params": {"ctrlr": "s", "scsi_target_num": 0, "bdev_name": "D"}}]}]}
        """
            .formatted(image));
    target =
        Target.start(
            ServeOptions.in(dir).withConfiguration(configuration).withRpcSocket(dir.resolve("r")));
    blk = VirtioBlkDriver.open(dir.resolve("b"), BlkDriverOptions.defaults());
    buffer = blk.memory().allocate(BYTES, 4096);
    scsi = VirtioScsiDriver.open(dir.resolve("s"), ScsiDriverOptions.defaults());
    assertThat(scsi.read(LUN, TEST_UNIT_READY, 0, PATIENCE).condition()).isEqualTo("6/29/01");
    READ_CAPACITY[0] = 0x25;
  }

  @AfterEach
  void stop() throws Exception {
    blk.close();
    scsi.close();
    target.stop();
  }

  /** READ(10) or WRITE(10) of {@link #BLOCKS}. */
  private static byte[] transfer(int opcode, int lba) {
    return ByteBuffer.allocate(10)
        .put(0, (byte) opcode)
        .putInt(2, lba)
        .putShort(7, (short) BLOCKS)
        .array();
  }

  private static byte[] bytes(long seed) {
    byte[] bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private byte[] readByBlk(long sector) throws Exception {
    RawMemory.fill(buffer, BYTES, (byte) 0xee);
    assertThat(blk.run(VirtioBlk.T_IN, sector, buffer, BYTES, WAIT)).isEqualTo(VirtioBlk.S_OK);
    byte[] read = new byte[BYTES];
    RawMemory.get(buffer, read, 0, BYTES);
    return read;
  }

  private void writeByBlk(long sector, byte[] data) throws Exception {
    RawMemory.put(data, 0, BYTES, buffer);
    assertThat(blk.run(VirtioBlk.T_OUT, sector, buffer, BYTES, WAIT)).isEqualTo(VirtioBlk.S_OK);
  }

  private void rpc(String method, String parameters) {
    Cli cli = Cli.run("rpc", "-r", dir.resolve("r").toString(), method, parameters);
    assertThat(cli.exitCode()).as(cli.err()).isZero();
  }

  @Test
  void whatOneWritesTheOtherReads() throws Exception {
    byte[] byScsi = bytes(1);
    byte[] byBlk = bytes(2);

    assertThat(scsi.write(LUN, transfer(0x2a, 64), byScsi, PATIENCE).isGood()).isTrue();
    writeByBlk(128, byBlk);

    assertThat(readByBlk(64)).isEqualTo(byScsi);
    ScsiResult read = scsi.read(LUN, transfer(0x28, 128), BYTES, PATIENCE);
    assertThat(read.isGood()).as(read.condition()).isTrue();
    assertThat(read.data()).isEqualTo(byBlk);
  }

  @Test
  void aCompareAndWriteSeesWhatTheOtherWrote() throws Exception {
    byte[] first = bytes(3);
    byte[] second = bytes(4);
    byte[] both = ByteBuffer.allocate(2 * BYTES).put(first).put(second).array();
    byte[] swap =
        ByteBuffer.allocate(16).put(0, (byte) 0x89).putLong(2, 64).put(13, (byte) BLOCKS).array();
    assertThat(scsi.write(LUN, swap, both, PATIENCE).condition()).isEqualTo("e/1d/00");
    writeByBlk(64, first);

    assertThat(scsi.write(LUN, swap, both, PATIENCE).isGood()).isTrue();

    assertThat(readByBlk(64)).isEqualTo(second);
  }

  @Test
  void bothAreToldThatItGrew() throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(2 << 20);
    }
    rpc("bdev_aio_rescan", "{\"name\": \"D\"}");

    assertThat(scsi.nextEvent(PATIENCE)).isEqualTo(new ScsiEventSeen(3, LUN, 0x2a | 0x09 << 8));
    assertThat(scsi.read(LUN, TEST_UNIT_READY, 0, PATIENCE).condition()).isEqualTo("6/2a/09");
    ScsiResult capacity = scsi.read(LUN, READ_CAPACITY, 8, PATIENCE);
    assertThat(ByteBuffer.wrap(capacity.data()).getInt()).isEqualTo((2 << 20) / 512 - 1);
    awaitConfigChange();
    assertThat(blk.readConfig().sizeBytes()).isEqualTo(2 << 20);
    byte[] data = bytes(5);
    writeByBlk((2 << 20) / 512 - BLOCKS, data);
    assertThat(scsi.read(LUN, transfer(0x28, (2 << 20) / 512 - BLOCKS), BYTES, PATIENCE).data())
        .isEqualTo(data);
  }

  private void awaitConfigChange() throws Exception {
    long deadline = System.nanoTime() + WAIT;
    while (!blk.frontend().backendRequest().map(SharedDiskTest::isConfigChange).orElse(false)) {
      assertThat(System.nanoTime()).as("the block device is not told").isLessThan(deadline);
    }
  }

  private static boolean isConfigChange(BackendMessage message) {
    return message instanceof BackendMessage.ConfigChange;
  }

  @Test
  void bothLoseItWhenItIsRemoved() throws Exception {
    rpc("bdev_aio_delete", "{\"name\": \"D\"}");

    assertThat(blk.run(VirtioBlk.T_IN, 0, buffer, BYTES, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
    assertThat(scsi.nextEvent(PATIENCE)).isEqualTo(new ScsiEventSeen(1, LUN, 2));
    long deadline = System.nanoTime() + WAIT;
    ScsiResult answer = scsi.read(LUN, TEST_UNIT_READY, 0, PATIENCE);
    while (answer.response() != VirtioScsi.S_BAD_TARGET && System.nanoTime() < deadline) {
      // The logical unit is not there when its guest is told, and the target soon after.
      assertThat(answer.condition()).isEqualTo("5/25/00");
      answer = scsi.read(LUN, TEST_UNIT_READY, 0, PATIENCE);
    }
    assertThat(answer.response()).isEqualTo(VirtioScsi.S_BAD_TARGET);
  }
}
