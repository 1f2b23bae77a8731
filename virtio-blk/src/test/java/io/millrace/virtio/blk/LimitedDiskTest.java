package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.RateLimit;
import io.millrace.bdev.RateLimits;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.FrontendMessage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What guests see of a disk with rate limits. Most have one operation a second: whoever waited for
 * all that is held then would wait for longer than a test may take.
 */
@Timeout(60)
class LimitedDiskTest {
  private static final int BURST = 2; // the smallest there is
  private static final int BYTES = 4096;
  private static final int REQUESTS = 60;
  private static final int ROUNDS = 10;
  private static final int LONG_BYTES = 4 << 20; // 32 parts, or more seconds than await() has

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

  private void limit(Bdev bdev, RateLimits limits) throws Exception {
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    target.onControl(() -> {
      bdev.limit(limits, target.control.nanoTime(), () -> kept.complete(true));
      return null;
    });
    kept.get(20, TimeUnit.SECONDS);
  }

  private static RateLimits iops(long perSecond) {
    return new RateLimits(Map.of(RateLimit.RW_IOS, perSecond), RateLimits.DEFAULT_BURST_MILLIS);
  }

  private void limitToOneASecond() throws Exception {
    limit(disk, iops(1));
  }

  private static void submitReads(VirtioBlkDriver driver, int count) {
    long buffers = driver.memory().allocate((long) count * BYTES, BYTES);
    for (int i = 0; i < count; i++) {
      driver.queue(0).submit(VirtioBlk.T_IN, i * 8L, buffers + (long) i * BYTES, BYTES, i);
    }
    driver.queue(0).kick();
  }

  private List<Long> answers(VirtioBlkDriver driver, int count) {
    List<Long> tokens = new ArrayList<>();
    BlkTarget.await(
        "all are answered",
        () -> {
          driver
              .queue(0)
              .poll((token, status, written) -> {
                assertThat(status).isEqualTo(VirtioBlk.S_OK);
                tokens.add(token);
              });
          return tokens.size() >= count;
        });
    return tokens;
  }

  private VirtioBlkDriver open(Path socket) throws Exception {
    return VirtioBlkDriver.open(socket, BlkDriverOptions.defaults().withQueues(1, 256, 64));
  }

  /** The disk has had its burst and some more, if this came late. */
  private void awaitHeld() {
    BlkTarget.await(
        "the disk has its burst, and the limit the rest",
        () -> disk.asked.size() >= BURST && target.inFlight("disk") >= REQUESTS - 10);
  }

  @Test
  void aQueueThatIsStoppedDoesNotWaitForTheLimit() throws Exception {
    Path socket = target.serve(disk, false, null);
    limitToOneASecond();
    try (VirtioBlkDriver driver = open(socket)) {
      submitReads(driver, REQUESTS);
      awaitHeld();

      int base = driver.frontend().stopQueue(0);

      assertThat(base).isEqualTo(REQUESTS);
      assertThat(answers(driver, REQUESTS)).doesNotHaveDuplicates();
    }
  }

  @Test
  void whatIsHeldWhenAQueueIsSuspendedIsDoneByWhoeverGoesOn() throws Exception {
    Path socket = target.serve(disk, false, null);
    limitToOneASecond();
    try (VirtioBlkDriver driver = open(socket)) {
      submitReads(driver, REQUESTS);
      awaitHeld();
      disk.holds = true; // it is not done in the moment that a suspended queue has
      driver.suspend();
      assertThat(disk.held).hasSizeGreaterThan(REQUESTS - 10);
      disk.holds = false;
      while (!disk.held.isEmpty()) {
        disk.release(target.reactors.get(0), IoStatus.SUCCESS);
      }

      driver.resume();
      limit(disk, RateLimits.NONE);

      assertThat(answers(driver, REQUESTS)).containsExactlyInAnyOrderElementsOf(tokens(REQUESTS));
      driver.readConfig();
      assertThat(driver.queue(0).poll((token, status, written) -> {})).isZero();
    }
  }

  private static List<Long> tokens(int count) {
    List<Long> tokens = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      tokens.add(i);
    }
    return tokens;
  }

  @Test
  void aGuestThatVanishesTakesWhatIsHeldAlongAndTheNextOneIsServed() throws Exception {
    Path socket = target.serve(disk, false, null);
    limitToOneASecond();
    VirtioBlkDriver driver = open(socket);
    submitReads(driver, REQUESTS);
    awaitHeld();

    driver.frontend().close();

    BlkTarget.await("its session has gone", () -> target.sessions("disk") == 0);
    assertThat(disk.asked).hasSizeLessThan(10);
    driver.close();
    limit(disk, RateLimits.NONE);
    try (VirtioBlkDriver next = open(socket)) {
      submitReads(next, REQUESTS);
      assertThat(answers(next, REQUESTS)).hasSize(REQUESTS);
    }
  }

  @Test
  void aDiskWhoseRequestsAreHeldIsRemovedAtOnce() throws Exception {
    Path socket = target.serve(disk, false, null);
    limitToOneASecond();
    try (VirtioBlkDriver driver = open(socket)) {
      submitReads(driver, REQUESTS);
      awaitHeld();

      target
          .onControl(() -> target.bdevs.remove("disk").toCompletableFuture())
          .get(20, TimeUnit.SECONDS);

      assertThat(answers(driver, REQUESTS)).hasSize(REQUESTS);
    }
  }

  @Test
  void memoryThatHeldRequestsPointIntoGoesWhenTheFrontEndWantsItTo() throws Exception {
    long extraAt = 1L << 40;
    try (GuestMemory extra = GuestMemory.create(1 << 20, extraAt, true);
        RawRing ring = new RawRing(target.serve(disk, false, null), true)) {
      ring.frontend.tell(new FrontendMessage.AddMemReg(extra.region()), List.of(extra.file()));
      limitToOneASecond();
      for (int first = 0; first < 9; first += 3) {
        ring.validRead(first, 0);
        ring.descriptor(first + 1, extraAt, 512, RawRing.NEXT | RawRing.WRITE, first + 2);
        ring.offer(first);
      }
      BlkTarget.await(
          "the third is held, or the test came late",
          () ->
              disk.asked.size() == 3 || (ring.usedIdx() == BURST && target.inFlight("disk") == 1));

      ring.frontend.tell(new FrontendMessage.RemMemReg(extra.region()));

      ring.awaitUsed(3);
      assertThat(disk.asked).hasSize(3);
    }
  }

  @Test
  void everyRequestIsDoneOnceWhateverItsLimitsAreAndHoweverOftenItsQueueStops() throws Exception {
    Path socket = target.serveMalloc("malloc");
    Bdev bdev = target.onControl(() -> target.bdevs.get("malloc"));
    Random random = new Random(7);
    try (SurvivingLoad load = new SurvivingLoad(socket, 0, 5)) {
      for (int i = 0; i < ROUNDS; i++) {
        RateLimits limits = iops(500 + random.nextInt(5_000)).withBurst(1 + random.nextInt(20));
        limit(bdev, limits.with(RateLimit.WRITE_BYTES, random.nextInt(40)));
        load.run(random.nextInt(40));
        load.driver.suspend();
        load.driver.resume();
      }
      limit(bdev, RateLimits.NONE);
      load.compareAll();
    }
  }

  @Test
  void aReactorSleepsWhileAQueueWaitsForItsLimit() throws Exception {
    Path socket = target.serve(disk, false, null);
    limitToOneASecond();
    try (VirtioBlkDriver driver = open(socket)) {
      submitReads(driver, REQUESTS);
      awaitHeld();

      Reactor reactor = target.reactors.get(0);
      BlkTarget.await("its only queue is not polled", () -> reactor.restingCount() == 1);
      limit(disk, RateLimits.NONE);
      assertThat(answers(driver, REQUESTS)).hasSize(REQUESTS);
    }
  }

  @Test
  void queuesOfSeveralReactorsShareALimitAndNoneIsLeftBehind() throws Exception {
    int queues = 4;
    int total = 2_000;
    int perSecond = 5_000;
    Path socket = target.serveNull("null");
    Bdev bdev = target.onControl(() -> target.bdevs.get("null"));
    limit(bdev, iops(perSecond));
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(
            socket,
            BlkDriverOptions.defaults().withQueues(queues, 64, 16).withMemory(1 << 20, true))) {
      long buffer = driver.memory().allocate(BYTES, BYTES);
      int[] done = new int[queues];
      long before = System.nanoTime();
      for (int q = 0; q < queues; q++) {
        submit(driver.queue(q), buffer, 16);
      }
      BlkTarget.await(
          "enough requests",
          () -> {
            for (int q = 0; q < queues; q++) {
              int at = q;
              int answered =
                  driver.queue(q).poll((token, status, written) -> done[at] += 1 - status);
              submit(driver.queue(q), buffer, answered);
            }
            return sum(done) >= total;
          });
      double seconds = (System.nanoTime() - before) / 1e9;

      assertThat((double) sum(done))
          .isLessThanOrEqualTo(perSecond * seconds + perSecond / 10.0 + 4);
      assertThat(Arrays.stream(done).min().orElseThrow()).isGreaterThan(total / queues / 4);
    }
  }

  private static void submit(BlkQueue queue, long buffer, int count) {
    for (int i = 0; i < count; i++) {
      queue.submit(VirtioBlk.T_IN, 0, buffer, BYTES, i);
    }
    if (count > 0) {
      queue.kick();
    }
  }

  private static int sum(int[] counts) {
    int sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum;
  }

  @Test
  void aLongTransferToADiskOfPartsIsOneOperation() throws Exception {
    Path socket = target.serveMalloc("malloc");
    Bdev bdev = target.onControl(() -> target.bdevs.get("malloc"));
    limit(bdev, iops(1));
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(
            socket, BlkDriverOptions.defaults().withQueues(1, 64, 16).withMemory(8 << 20, true))) {
      long buffer = driver.memory().allocate(LONG_BYTES, BYTES);
      RawMemory.fill(buffer, LONG_BYTES, (byte) 0x5a);

      int status = driver.run(VirtioBlk.T_OUT, 0, buffer, LONG_BYTES, BlkTarget.DEADLINE_NANOS);

      assertThat(status).isEqualTo(VirtioBlk.S_OK);
    }
  }
}
