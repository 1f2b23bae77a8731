package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.MallocBdev;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServingTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final BlkDriverOptions OPTIONS = BlkDriverOptions.defaults();

  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  @Test
  void whatIsWrittenIsReadBackByteForByte() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long out = driver.memory().allocate(1 << 20, 512);
      long in = driver.memory().allocate(1 << 20, 512);
      byte[] data = new byte[1 << 20];
      new Random(7).nextBytes(data);
      RawMemory.put(data, 0, data.length, out);

      int written = driver.run(VirtioBlk.T_OUT, 2048, out, data.length, WAIT);
      int flushed = driver.run(VirtioBlk.T_FLUSH, 0, 0, 0, WAIT);
      int read = driver.run(VirtioBlk.T_IN, 2048, in, data.length, WAIT);

      byte[] back = new byte[data.length];
      RawMemory.get(in, back, 0, back.length);
      assertThat(new int[] {written, flushed, read}).containsOnly(VirtioBlk.S_OK);
      assertThat(back).isEqualTo(data);
    }
  }

  @Test
  void theDriverSeesCapacitySerialAndLimits() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long id = driver.memory().allocate(VirtioBlk.ID_BYTES, 8);

      int status = driver.run(VirtioBlk.T_GET_ID, 0, id, VirtioBlk.ID_BYTES, WAIT);

      byte[] serial = new byte[VirtioBlk.ID_BYTES];
      RawMemory.get(id, serial, 0, serial.length);
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(new String(serial, StandardCharsets.US_ASCII)).startsWith("SER-disk\0");
      assertThat(driver.config().sizeBytes()).isEqualTo(BlkTarget.DISK_BYTES);
      assertThat(driver.frontend().maxQueues()).isEqualTo(256);
    }
  }

  @Test
  void requestsBeyondTheEndOrOfNoWholeBlocksFailAndTheNextSucceeds() throws Exception {
    Path socket = target.serveMalloc("disk");
    long last = BlkTarget.DISK_BYTES / 512;
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(4096, 512);

      assertThat(driver.run(VirtioBlk.T_IN, last - 8, buffer, 4096, WAIT))
          .isEqualTo(VirtioBlk.S_OK);
      assertThat(driver.run(VirtioBlk.T_IN, last - 7, buffer, 4096, WAIT))
          .isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_IN, -1, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_OUT, 1L << 55, buffer, 512, WAIT))
          .isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 513, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 0, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(99, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_UNSUPP);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 4096, WAIT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void aReadOnlyDiskSaysSoAndRefusesWrites() throws Exception {
    MallocBdev bdev =
        MallocBdev.create("ro", UUID.randomUUID(), 512, 512, BlkTarget.DISK_BYTES / 512);
    Path socket = target.serve(bdev, true, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);

      int written = driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT);

      assertThat(driver.has(VirtioBlk.F_RO)).isTrue();
      assertThat(written).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void queuesOfOneDiskRunOnDifferentReactors() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(socket, OPTIONS.withQueues(4, 64, 16).withMemory(1 << 20, true))) {
      long buffer = driver.memory().allocate(16 * 4096, 4096);
      int[] done = new int[4];
      for (int q = 0; q < 4; q++) {
        BlkQueue queue = driver.queue(q);
        for (int i = 0; i < 16; i++) {
          queue.submit(VirtioBlk.T_IN, i * 8L, buffer + i * 4096L, 4096, q);
        }
        queue.kick();
      }

      BlkTarget.await(
          "all queues have answered",
          () -> {
            for (int q = 0; q < 4; q++) {
              driver.queue(q).poll((token, status, written) -> done[(int) token]++);
            }
            return done[0] + done[1] + done[2] + done[3] == 64;
          });

      assertThat(done).containsOnly(16);
    }
  }

  @Test
  void severalFrontEndsShareOneDisk() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver one = VirtioBlkDriver.open(socket, OPTIONS);
        VirtioBlkDriver two = VirtioBlkDriver.open(socket, OPTIONS)) {
      long out = one.memory().allocate(512, 512);
      long in = two.memory().allocate(512, 512);
      RawMemory.putLong(out, 0x1122334455667788L);

      one.run(VirtioBlk.T_OUT, 5, out, 512, WAIT);
      two.run(VirtioBlk.T_IN, 5, in, 512, WAIT);

      assertThat(RawMemory.getLong(in)).isEqualTo(0x1122334455667788L);
      assertThat(target.sessions("disk")).isEqualTo(2);
    }
  }

  @Test
  void aDiskWhoseBdevIsRemovedStaysAndFailsItsRequests() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);

      target
          .onControl(() -> target.bdevs.remove("disk").toCompletableFuture())
          .get(20, TimeUnit.SECONDS);

      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(target.bdevs.all()).isEmpty();
    }
  }

  @Test
  void stoppedQueuesGoOnWhereTheyStood() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      for (int i = 0; i < 5; i++) {
        driver.run(VirtioBlk.T_IN, i, buffer, 512, WAIT);
      }

      driver.stop(); // checks that each stops at its own available index

      assertThat(driver.queue(0).ring().base()).isEqualTo(5);
    }
  }
}
