package io.millrace.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our front-end and driver against a back-end that we did not write. */
class QemuStorageDaemonTest {
  private static final long TIMEOUT = TimeUnit.SECONDS.toNanos(20);
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @Test
  void configurationIsWhatTheDaemonWasToldToServe() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 64 * MIB, 3);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      assertThat(driver.config().sizeBytes()).isEqualTo(64 * MIB);
      assertThat(driver.config().blockSize()).isEqualTo(512);
      assertThat(driver.config().queueCount()).isEqualTo(3);
      assertThat(driver.config().maxSegments()).isEqualTo(126);
      assertThat(driver.frontend().maxQueues()).isEqualTo(3);
      assertThat(driver.has(VirtioBlk.F_FLUSH)).isTrue();
      assertThat(driver.has(VirtioBlk.F_RO)).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    // with EVENT_IDX, indirect entries, memory by slots
    "true, 34, true",
    "false, 0, false",
    "true, 0, false",
    "false, 34, true"
  })
  void whatIsWrittenAndFlushedIsInTheFile(boolean eventIdx, int indirectEntries, boolean slots)
      throws Exception {
    Path image = image(4 * MIB);
    Set<ProtocolFeature> features = EnumSet.of(ProtocolFeature.MQ, ProtocolFeature.CONFIG);
    if (slots) {
      features.addAll(EnumSet.of(ProtocolFeature.REPLY_ACK, ProtocolFeature.CONFIGURE_MEM_SLOTS));
    }
    FrontendOptions frontend = FrontendOptions.defaults().withProtocolFeatures(features);
    if (!eventIdx) {
      frontend = frontend.withFeatures(frontend.features() & ~VirtioFeature.EVENT_IDX);
    }
    BlkDriverOptions options =
        BlkDriverOptions.defaults().withFrontend(frontend).withIndirectEntries(indirectEntries);
    byte[] data = new byte[64 * 1024];
    new Random(1).nextBytes(data);

    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1);
        VirtioBlkDriver driver = VirtioBlkDriver.open(daemon.socket(), options)) {
      long buffer = driver.memory().allocate(2L * data.length, 4096);
      RawMemory.put(data, 0, data.length, buffer);

      assertThat(driver.run(VirtioBlk.T_OUT, 128, buffer, data.length, TIMEOUT)).isZero();
      assertThat(driver.run(VirtioBlk.T_FLUSH, 0, 0, 0, TIMEOUT)).isZero();
      assertThat(driver.run(VirtioBlk.T_IN, 128, buffer + data.length, data.length, TIMEOUT))
          .isZero();

      byte[] back = new byte[data.length];
      RawMemory.get(buffer + data.length, back, 0, back.length);
      assertThat(back).isEqualTo(data);
    }
    byte[] whole = Files.readAllBytes(image);
    assertThat(java.util.Arrays.copyOfRange(whole, 64 * 1024, 128 * 1024)).isEqualTo(data);
  }

  @Test
  void nameIsTheExports() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(VirtioBlk.ID_BYTES, 64);

      assertThat(driver.run(VirtioBlk.T_GET_ID, 0, buffer, VirtioBlk.ID_BYTES, TIMEOUT)).isZero();

      byte[] name = new byte[VirtioBlk.ID_BYTES];
      RawMemory.get(buffer, name, 0, name.length);
      assertThat(new String(name, StandardCharsets.US_ASCII)).startsWith("vhost_user_blk");
    }
  }

  @Test
  void requestsThatCannotBeDoneFailAndTheDeviceGoesOn() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(4096, 4096);

      assertThat(driver.run(VirtioBlk.T_IN, 2048, buffer, 512, TIMEOUT))
          .isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(99, 0, buffer, 512, TIMEOUT)).isEqualTo(VirtioBlk.S_UNSUPP);
      assertThat(driver.run(VirtioBlk.T_IN, 2047, buffer, 512, TIMEOUT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void writeToAReadOnlyExportFails() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image(MIB), false, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(512, 512);

      assertThat(driver.has(VirtioBlk.F_RO)).isTrue();
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, TIMEOUT)).isEqualTo(VirtioBlk.S_IOERR);
    }
  }

  @Test
  void writebackCanBeSwitched() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image(MIB), true, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      driver.frontend().setConfig(BlkConfig.WRITEBACK_OFFSET, ByteString.of(new byte[] {1}));
      assertThat(driver.readConfig().writeback()).isEqualTo(1);

      driver.frontend().setConfig(BlkConfig.WRITEBACK_OFFSET, ByteString.zeros(1));
      assertThat(driver.readConfig().writeback()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 34", "32, 34", "32, 0", "1, 0"})
  void thousandsOfRequestsComeBackOnceEach(int depth, int indirectEntries) throws Exception {
    int total = 5000;
    BlkDriverOptions options =
        BlkDriverOptions.defaults().withQueues(2, 128, depth).withIndirectEntries(indirectEntries);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 64 * MIB, 2);
        VirtioBlkDriver driver = VirtioBlkDriver.open(daemon.socket(), options)) {
      long buffers = driver.memory().allocate(depth * 4096L, 4096);
      for (int q = 0; q < 2; q++) {
        BlkQueue queue = driver.queue(q);
        int[] submitted = {0};
        int[] failed = {0};
        BlkCompletion next =
            (token, status, written) -> {
              failed[0] += status == VirtioBlk.S_OK && written == 4097 ? 0 : 1;
              if (submitted[0] < total) {
                submitted[0]++;
                queue.submit(
                    VirtioBlk.T_IN, submitted[0] * 8L, buffers + token * 4096, 4096, token);
              }
            };
        for (int i = 0; i < depth; i++, submitted[0]++) {
          assertThat(queue.submit(VirtioBlk.T_IN, i * 8L, buffers + i * 4096L, 4096, i)).isTrue();
        }
        assertThat(queue.submit(VirtioBlk.T_IN, 0, buffers, 4096, 0)).isFalse();
        queue.kick();
        int done = drain(queue, next);

        assertThat(done).isEqualTo(total);
        assertThat(failed[0]).isZero();
        assertThat(queue.isBroken()).isFalse();
      }
      driver.stop();
    }
  }

  @Test
  void requestMayHaveManyBuffersOfAnySize() throws Exception {
    Path image = image(MIB);
    byte[] content = new byte[8192];
    new Random(2).nextBytes(content);
    Files.write(image, java.util.Arrays.copyOf(content, MIB));
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      BlkQueue queue = driver.queue(0);
      long base = driver.memory().allocate(3 * 8192, 4096);
      long[] at = {base + 1, base + 4096, base + 13000};
      int[] bytes = {511, 1, 7680};

      assertThat(queue.submitGathered(VirtioBlk.T_IN, 0, at, bytes, 3, 7)).isTrue();
      queue.kick();
      int[] result = {-1};
      drain(queue, (token, status, written) -> result[0] = status);

      byte[] back = new byte[8192];
      RawMemory.get(at[0], back, 0, 511);
      RawMemory.get(at[1], back, 511, 1);
      RawMemory.get(at[2], back, 512, 7680);
      assertThat(result[0]).isZero();
      assertThat(back).isEqualTo(content);
    }
  }

  @Test
  void stoppedQueueCanBeStartedWhereItStood() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1);
        VirtioBlkDriver driver =
            VirtioBlkDriver.open(daemon.socket(), BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(4096, 4096);
      for (int i = 0; i < 3; i++) {
        driver.run(VirtioBlk.T_IN, 0, buffer, 4096, TIMEOUT);
      }

      int base = driver.frontend().stopQueue(0);

      assertThat(base).isEqualTo(3);
      try (FrontendQueue again =
          driver.frontend().startQueue(0, driver.queue(0).ring().layout(), base)) {
        BlkQueue queue = driver.queue(0);
        queue.submit(VirtioBlk.T_IN, 0, buffer, 4096, 0);
        queue.ring().publish();
        io.millrace.linux.EventFd.signal(again.kick().number());
        assertThat(waitFor(queue)).isEqualTo(1);
      }
    }
  }

  @Test
  void moreQueuesThanTheDaemonHasAreRefusedInOneLine() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      BlkDriverOptions three = BlkDriverOptions.defaults().withQueues(3, 128, 1);

      assertThatThrownBy(() -> VirtioBlkDriver.open(daemon.socket(), three))
          .isInstanceOf(InitiatorException.class)
          .hasMessage(daemon.socket() + ": 3 queues wanted, the back-end has 1");
      assertThat(daemon.isAlive()).isTrue();
    }
  }

  @Test
  void socketNobodyListensOnIsToldAtOnceOrAfterTheDeadline() {
    Path socket = directory.resolve("nobody.sock");
    FrontendOptions patient = FrontendOptions.defaults().withConnectWithin(Duration.ofMillis(50));
    long before = System.nanoTime();

    assertThatThrownBy(() -> Frontend.connect(socket, patient))
        .isInstanceOf(InitiatorException.class)
        .hasMessageStartingWith(socket + ": cannot connect");
    assertThat(System.nanoTime() - before).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(50));
  }

  private static int drain(BlkQueue queue, BlkCompletion completion) throws LinuxException {
    long deadline = System.nanoTime() + TIMEOUT;
    int done = 0;
    while (queue.inFlightCount() > 0) {
      assertThat(System.nanoTime()).as("all requests done in time").isLessThan(deadline);
      int count = queue.poll(completion);
      done += count;
      queue.kick();
      if (count == 0 && queue.inFlightCount() > 0) {
        queue.sleep(1000);
      }
    }
    return done;
  }

  private static int waitFor(BlkQueue queue) {
    long deadline = System.nanoTime() + TIMEOUT;
    int done = 0;
    while (done == 0 && System.nanoTime() < deadline) {
      done = queue.poll((token, status, written) -> {});
      Thread.onSpinWait();
    }
    return done;
  }

  private Path image(int bytes) throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[bytes]);
    return image;
  }
}
