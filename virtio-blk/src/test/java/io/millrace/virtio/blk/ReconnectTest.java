package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.InflightMemory;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.InflightArea;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that end amid their requests, and in-flight regions, right and wrong. */
@Timeout(value = 1, unit = TimeUnit.HOURS) // for make soak
class ReconnectTest {
  private static final int TIMES = Integer.getInteger("millrace.reconnects", 100);

  private BlkTarget target;
  @TempDir private Path folder;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void everyRequestIsDoneOnceHoweverOftenTheConnectionEnds(long features) throws Exception {
    Path socket = target.serveFile("disk", folder.resolve("disk.img"));
    Random random = new Random(features);
    try (SurvivingLoad load = new SurvivingLoad(socket, features, 3)) {
      for (int i = 0; i < TIMES; i++) {
        load.run(random.nextInt(40));
        load.driver.reconnect(socket);
      }
      load.compareAll();
      assertThat(load.completed()).isGreaterThan(TIMES * 10L);
    }
  }

  private static void setBytes(FileDescriptor file, int offset, int value, int bytes)
      throws Exception {
    try (Mapping mapping = Mapping.map(file, 0, 8192, true)) {
      for (int i = 0; i < bytes; i++) {
        RawMemory.putByte(mapping.address() + offset + i, (byte) (value >> (8 * i)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1, features 0x1",
    "8, 7, 2, of version 7",
    "10, 64, 2, for 64 descriptors",
    "14, 900, 2, knows the used ring up to 900",
    "16, 2, 1, neither yes nor no"
  })
  void aRegionThatMakesNoSenseIsRefusedInOneLine(int offset, int value, int bytes, String why)
      throws Exception {
    Path socket = target.serveMalloc("disk");
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(512, 512);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS)).isZero();
      driver.frontend().close();
      BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
      setBytes(driver.inflight().file(), offset, value, bytes);

      try {
        driver.reconnect(socket);
      } catch (InitiatorException e) {
        assertThat(e).hasMessageContaining("disk.sock"); // or the rings wait for the session before
      }
      log.await(why);
      BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
      assertThat(log.all()).filteredOn(line -> line.contains(why)).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4096, 0, 0, 128, 0 queues of 128",
    "4096, 0, 300, 128, 300 queues of 128",
    "4096, 0, 1, 100, 1 queues of 100",
    "64, 0, 1, 128, is too small",
    "8192, 1099511627776, 1, 128, beyond the end of its file",
    "-1, 0, 1, 128, is too small",
    "9223372036854775807, 8, 1, 128, is empty or wraps around",
    "4096, 3, 1, 128, is not aligned"
  })
  void aRegionThatCannotBeIsRefusedAndTheSessionGoesOn(
      long bytes, long offset, int queues, int size, String why) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (LogLines log = new LogLines();
        Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults());
        FileDescriptor file = MemoryFile.create("region", 8192, true)) {
      frontend.setFeatures(VirtioBlk.FEATURES);
      InflightMemory region =
          new InflightMemory(new InflightArea(bytes, offset, queues, size), file);
      assertThatThrownBy(() -> frontend.giveInflight(region))
          .isInstanceOf(InitiatorException.class)
          .hasMessageContaining("refused");
      log.await(why);
      frontend.barrier();
    }
  }

  @Test
  void aRegionIsMadeForQueuesThatThereCanBe() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults())) {
      frontend.setFeatures(VirtioBlk.FEATURES);
      try (InflightMemory region = InflightMemory.ask(frontend, 256, 32768)) {
        assertThat(region.area().mmapSize()).isEqualTo(256L * (32 * 32768 + 64) + 64);
      }
      try (InflightMemory region = InflightMemory.ask(frontend, 2, 128)) {
        assertThat(region.area())
            .isEqualTo(new InflightArea(2L * (32 + 32 * 128 + 32) + 64, 0, 2, 128));
      }
    }
  }

  @Test
  void aQueueBeyondTheRegionEndsTheSession() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (LogLines log = new LogLines();
        Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults());
        GuestMemory memory = GuestMemory.create(1 << 20)) {
      frontend.setFeatures(VirtioBlk.FEATURES);
      frontend.shareMemory(List.of(memory));
      try (InflightMemory region = InflightMemory.ask(frontend, 1, 64)) {
        frontend.giveInflight(region);
        VringLayout layout = VringLayout.at(memory.allocate(8192, 64), RingFormat.SPLIT, 128);
        assertThatThrownBy(() -> frontend.startQueue(0, layout, 0))
            .isInstanceOf(InitiatorException.class);
      }
      log.await("queue 0 of 128 descriptors has no place in the in-flight region");
    }
  }

  @Test
  void aStoppedQueueStartsWhereItsFrontEndSays() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(512, 512);
      for (int i = 0; i < 3; i++) {
        assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, BlkTarget.DEADLINE_NANOS)).isZero();
        int base = driver.frontend().stopQueue(0);
        assertThat(base).isEqualTo(driver.queue(0).ring().base());
        driver
            .frontend()
            .resumeQueue(driver.queue(0).events(), driver.queue(0).ring().layout(), base);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theNextBackEndKnowsWhetherTheDriverSwitchedTheCacheOff(boolean writeback) throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      driver.writeback(false);
      driver.writeback(writeback);

      driver.reconnect(socket); // and does not say it again, as QEMU does not

      assertThat(driver.readConfig().writeback()).isEqualTo(writeback ? 1 : 0);
      long buffer = driver.memory().allocate(512, 512);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, BlkTarget.DEADLINE_NANOS)).isZero();
      assertThat(disk.asked.getLast().durable()).isEqualTo(!writeback);
    }
  }

  @Test
  void aNoteThatNobodyCanHaveLeftIsNotBelieved() throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      int note = (int) driver.inflight().area().mmapSize() - 64;
      setBytes(driver.inflight().file(), note + 8, 7, 4);

      driver.reconnect(socket);

      assertThat(driver.readConfig().writeback()).isEqualTo(1);
    }
  }
}
