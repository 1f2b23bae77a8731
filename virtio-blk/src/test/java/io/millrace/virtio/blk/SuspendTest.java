package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.InflightMemory;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.InflightArea;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.VringMessage;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queues that are stopped whatever their storage does, and go on with what they had in flight. */
@Timeout(value = 1, unit = TimeUnit.HOURS) // for make soak
class SuspendTest {
  private static final long SPLIT_BYTES = 16 + 16 * 128 + 48; // of a region for a queue of 128
  private static final int SUSPENSIONS = Integer.getInteger("millrace.suspensions", 30);
  private static final int REQUESTS = 3;
  private static final int BYTES = 4096;
  private static final Map<Latency, Long> LATENCIES =
      Map.of(
          Latency.AVG_READ, 500L,
          Latency.P99_READ, 9_000L,
          Latency.AVG_WRITE, 1_000L,
          Latency.P99_WRITE, 60_000L);
  private static final Set<ProtocolFeature> WITHOUT_SKIP_DRAIN =
      EnumSet.of(
          ProtocolFeature.MQ,
          ProtocolFeature.REPLY_ACK,
          ProtocolFeature.CONFIG,
          ProtocolFeature.INFLIGHT_SHMFD,
          ProtocolFeature.GET_VRING_BASE_INFLIGHT);

  private final RecordingBdev disk = RecordingBdev.withCache(true);
  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private static BlkDriverOptions options(long features) {
    return options(FrontendOptions.defaults().withFeatures(1L << 32 | 1L << 30 | features));
  }

  private static BlkDriverOptions options(FrontendOptions frontend) {
    return BlkDriverOptions.defaults().withFrontend(frontend).withQueues(1, 16, 16);
  }

  /** Has some reads with the disk, which does not answer them. */
  private long hang(VirtioBlkDriver driver) {
    long buffers = driver.memory().allocate(REQUESTS * BYTES, BYTES);
    RawMemory.fill(buffers, REQUESTS * BYTES, (byte) 0x77);
    disk.holds = true;
    for (int i = 0; i < REQUESTS; i++) {
      driver.queue(0).submit(VirtioBlk.T_IN, i * 8L, buffers + (long) i * BYTES, BYTES, i);
    }
    driver.queue(0).kick();
    BlkTarget.await("the disk has them", () -> disk.held.size() == REQUESTS);
    disk.holds = false;
    return buffers;
  }

  /** The disk gives everything back, with other data than there was. */
  private void giveBack(long buffers) {
    RawMemory.fill(buffers, REQUESTS * BYTES, (byte) 0x11); // as a late read does
    while (!disk.held.isEmpty()) {
      disk.release(target.reactors.get(0), IoStatus.SUCCESS);
    }
  }

  private static List<Long> answers(BlkQueue queue) {
    List<Long> tokens = new ArrayList<>();
    BlkTarget.await(
        "all requests are answered",
        () -> {
          queue.poll((token, status, written) -> {
            assertThat(status).isEqualTo(VirtioBlk.S_OK);
            tokens.add(token);
          });
          return tokens.size() >= REQUESTS;
        });
    return tokens;
  }

  private List<Long> offsets() {
    return disk.asked.stream().map(RecordingBdev.Asked::offset).toList();
  }

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void whatItsStorageKeepsIsDoneAgainWhenItIsBack(long features) throws Exception {
    Path socket = target.serve(disk, false, null);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(features))) {
      long buffers = hang(driver);

      driver.suspend();

      log.await("stopped without 3 request(s) that its storage does not give back");
      driver.resume(); // without waiting for the storage
      assertThat(driver.queue(0).poll((token, status, written) -> {})).isZero();
      assertThat(offsets()).containsExactly(0L, 4096L, 8192L);
      assertThat(RawMemory.getByte(buffers)).isEqualTo((byte) 0x77);
      giveBack(buffers);
      assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
      assertThat(offsets()).containsExactly(0L, 4096L, 8192L, 0L, 4096L, 8192L);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffers, BYTES, BlkTarget.DEADLINE_NANOS))
          .isEqualTo(VirtioBlk.S_OK);
    }
  }

  static List<VringMessage> messagesThatNoRunningRingTakes() {
    return List.of(new VringMessage.SetVringNum(0, 64), new VringMessage.SetVringBase(0, 7));
  }

  @ParameterizedTest
  @MethodSource("messagesThatNoRunningRingTakes")
  void aRingThatWaitsForItsStorageIsRunningForItsFrontEnd(VringMessage message) throws Exception {
    Path socket = target.serve(disk, false, null);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0))) {
      long buffers = hang(driver);
      driver.suspend();
      driver.resume();

      assertThatThrownBy(() -> driver.frontend().tell(message))
          .isInstanceOf(InitiatorException.class);

      log.await(message.request() + " of ring 0 while it runs");
      giveBack(buffers);
      driver.reconnect(socket);
      assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, VirtioFeature.RING_PACKED})
  void anotherConnectionWaitsForItToo(long features) throws Exception {
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(features))) {
      long buffers = hang(driver);
      driver.suspend();
      try (VirtioBlkDriver other = VirtioBlkDriver.open(socket, options(features))) {
        long buffer = other.memory().allocate(BYTES, BYTES);
        other.queue(0).submit(VirtioBlk.T_OUT, 0, buffer, BYTES, 9); // must not be overtaken
        other.queue(0).kick();
        other.readConfig();
        assertThat(disk.asked).hasSize(REQUESTS);

        driver.reconnect(socket);
        giveBack(buffers);

        assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
        BlkTarget.await(
            "the other's write", () -> other.queue(0).poll((token, status, written) -> {}) == 1);
      }
    }
  }

  /** Nothing is read from it meanwhile, so that its end is not heard of either. */
  @ParameterizedTest
  @ValueSource(longs = {0, VirtioFeature.RING_PACKED})
  void aFrontEndThatGoesWhileItsMessageIsDoneIsMissedBeforeTheNextOnesRingsStart(long features)
      throws Exception {
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(features))) {
      long buffers = hang(driver);
      driver.frontend().connection().send(new VringMessage.GetVringBase(0), false, List.of());

      driver.reconnect(socket);

      driver.readConfig();
      assertThat(offsets()).as("given to the disk").containsExactly(0L, 4096L, 8192L);
      giveBack(buffers);
      assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
      assertThat(offsets()).containsExactly(0L, 4096L, 8192L, 0L, 4096L, 8192L);
    }
  }

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void everyRequestIsDoneOnceHoweverOftenAQueueIsSuspended(long features) throws Exception {
    target.onControl(() -> {
      target.bdevs.register(
          MallocBdev.create("base", UUID.randomUUID(), 512, 4096, BlkTarget.DISK_BYTES / 512));
      return null;
    });
    DelayBdev slow =
        target.onControl(() -> DelayBdev.create(target.bdevs, "base", "disk", null, LATENCIES));
    Path socket = target.serve(slow, false, null);
    Random random = new Random(features);
    try (SurvivingLoad load = new SurvivingLoad(socket, features, 5)) {
      for (int i = 0; i < SUSPENSIONS; i++) {
        load.run(random.nextInt(40));
        load.driver.suspend();
        load.driver.resume();
      }
      load.compareAll();
    }
  }

  @Test
  void withoutAMessageOfItsOwnTheFeatureMeansTheOther() throws Exception {
    Path socket = target.serve(disk, false, null);
    FrontendOptions options = FrontendOptions.defaults().withProtocolFeatures(WITHOUT_SKIP_DRAIN);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(options))) {
      long buffers = hang(driver);
      assertThatThrownBy(driver::suspend).hasMessageContaining("not negotiated");

      int base = driver.frontend().stopQueue(0);

      assertThat(base).isEqualTo(REQUESTS);
      giveBack(buffers);
      driver.resume();
      assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
    }
  }

  @Test
  void withItTheOtherWaitsForTheStorage() throws Exception {
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0))) {
      long buffers = hang(driver);
      CompletableFuture<Integer> base =
          CompletableFuture.supplyAsync(() -> stopQueue(driver.frontend()));
      assertThatThrownBy(() -> base.get(200, TimeUnit.MILLISECONDS)).isNotNull();

      giveBack(buffers);

      assertThat(base.get(20, TimeUnit.SECONDS)).isEqualTo(REQUESTS);
      assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
    }
  }

  private static int stopQueue(Frontend frontend) {
    try {
      return frontend.stopQueue(0);
    } catch (InitiatorException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aDeviceThatIsResetHasNothingInFlight() throws Exception {
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0))) {
      long buffers = hang(driver);
      driver.suspend();

      driver.frontend().tell(new FrontendMessage.ResetDevice());

      driver.resume(); // where it stopped, with nothing in flight
      giveBack(buffers);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffers, BYTES, BlkTarget.DEADLINE_NANOS))
          .isEqualTo(VirtioBlk.S_OK);
      assertThat(disk.asked).hasSize(REQUESTS + 1);
    }
  }

  @Test
  void memoryThatWhatHangsPointsIntoStaysUntilItIsBack() throws Exception {
    Path socket = target.serve(disk, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0))) {
      long buffers = hang(driver);
      driver.suspend();
      CompletableFuture<Void> gone =
          CompletableFuture.runAsync(() -> remove(driver.frontend(), driver.memory()));
      assertThatThrownBy(() -> gone.get(200, TimeUnit.MILLISECONDS)).isNotNull();

      giveBack(buffers);

      gone.get(20, TimeUnit.SECONDS);
    }
  }

  private static void remove(Frontend frontend, GuestMemory memory) {
    try {
      frontend.tell(new FrontendMessage.RemMemReg(memory.region()));
    } catch (InitiatorException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFrontEndThatIsGoneTakesNothingAlong() throws Exception {
    Path socket = target.serve(disk, false, null);
    VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0));
    long buffers = hang(driver);
    driver.suspend();
    driver.frontend().close();
    giveBack(buffers);
    BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);

    driver.reconnect(socket);

    assertThat(answers(driver.queue(0))).containsExactly(0L, 1L, 2L);
    driver.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET_VRING_BASE_SKIP_DRAIN", "GET_VRING_BASE_INFLIGHT", "INFLIGHT_SHMFD"})
  void featuresThatNeedOthersAreRefusedWithoutThem(String missing) throws Exception {
    Path socket = target.serve(disk, false, null);
    Set<ProtocolFeature> features = EnumSet.copyOf(WITHOUT_SKIP_DRAIN);
    features.add(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN);
    features.remove(ProtocolFeature.valueOf(missing));
    FrontendOptions options = FrontendOptions.defaults().withProtocolFeatures(features);
    if (missing.equals("GET_VRING_BASE_SKIP_DRAIN")) {
      VirtioBlkDriver.open(socket, options(options)).close();
    } else {
      assertThatThrownBy(() -> VirtioBlkDriver.open(socket, options(options)))
          .isInstanceOf(InitiatorException.class);
    }
  }

  @Test
  void aRegionIsOfTheFormatThatItWasGivenFor() throws Exception {
    try (LogLines log = new LogLines()) {
      assertThatThrownBy(() -> startPacked(SPLIT_BYTES)).isInstanceOf(InitiatorException.class);
      log.await("queue 0 is PACKED, and the in-flight region was given for queues that are SPLIT");
    }
  }

  @Test
  void aRegionThatWasOfNoUseYetIsOfTheFormatThatComes() throws Exception {
    startPacked(0);
  }

  /**
   * Gives a region before the features that say what it is for, as QEMU 7.2 does for SCSI.
   *
   * @param bytes of the region that are given, 0 for all
   */
  private void startPacked(long bytes) throws Exception {
    Path socket = target.serve(disk, false, null);
    long packed = 1L << 32 | 1L << 30 | VirtioFeature.RING_PACKED;
    try (Frontend frontend =
            Frontend.connect(socket, FrontendOptions.defaults().withFeatures(packed));
        GuestMemory memory = GuestMemory.create(1 << 20);
        InflightMemory region = InflightMemory.ask(frontend, 1, 128)) {
      long given = bytes == 0 ? region.area().mmapSize() : bytes;
      frontend.tell(
          new FrontendMessage.SetInflightFd(new InflightArea(given, 0, 1, 128)),
          List.of(region.file()));
      frontend.setFeatures(0);
      frontend.shareMemory(List.of(memory));
      VringLayout layout = VringLayout.at(memory.allocate(8192, 64), RingFormat.PACKED, 128);
      frontend.startQueue(0, layout, RingFormat.PACKED.firstBase()).close();
    }
  }
}
