package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoType;
import io.millrace.bdev.RateLimit;
import io.millrace.bdev.RateLimits;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.load.Await;
import io.millrace.vhost.user.server.SessionInfo;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What initiators see of a logical unit whose disk has rate limits. */
@Timeout(60)
class LimitedUnitTest {
  private static final int FIRST_REQUEST_QUEUE = 2;
  private static final int BURST = 2; // the smallest there is
  private static final int REQUESTS = 60;
  private static final int ROUNDS = 10;

  private ScsiHost host;
  private Path socket;
  private Bdev disk;

  @BeforeEach
  void open() throws Exception {
    host = new ScsiHost(2);
    socket = host.controller("vm");
    disk = host.malloc("disk");
    host.add("vm", 0, 0, "disk");
  }

  @AfterEach
  void close() throws Exception {
    host.close();
  }

  private void limit(RateLimits limits) throws Exception {
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    host.onControl(() -> {
      disk.limit(limits, host.control.nanoTime(), () -> kept.complete(true));
      return true;
    });
    kept.get(ScsiHost.SECONDS, TimeUnit.SECONDS);
  }

  private static RateLimits iops(long perSecond) {
    return new RateLimits(Map.of(RateLimit.RW_IOS, perSecond), 5);
  }

  private static void submitReads(VirtioScsiDriver driver, int count) {
    long buffers = driver.memory().allocate(count * 512L, 512);
    for (int i = 0; i < count; i++) {
      byte[] cdb = ScsiCdbs.transfer(ScsiCdbs.READ, i, 1);
      driver
          .queue(0)
          .submit(
              VirtioScsi.lun(0, 0),
              i,
              VirtioScsi.ATTRIBUTE_SIMPLE,
              cdb,
              buffers + i * 512L,
              512,
              true,
              i);
    }
    driver.queue(0).kick();
  }

  private static void awaitAnswers(VirtioScsiDriver driver, int count) {
    boolean[] good = new boolean[count];
    Await.until(
        "all commands have ended well",
        () -> {
          driver
              .queue(0)
              .poll((token, response, status, place, written) -> {
                assertThat(response + status).isZero();
                good[(int) token] = true;
              });
          int answered = 0;
          for (boolean each : good) {
            answered += each ? 1 : 0;
          }
          return answered == count;
        });
  }

  private VirtioScsiDriver driver() throws Exception {
    VirtioScsiDriver driver =
        VirtioScsiDriver.open(socket, ScsiDriverOptions.defaults().withQueues(1, 256, 64));
    ScsiCdbs.settle(driver, VirtioScsi.lun(0, 0));
    return driver;
  }

  /** The disk has had its burst and some more, if this came late. */
  private void awaitHeld() {
    Await.until(
        "the disk has its burst, and the limit the rest",
        () -> disk.statistics().operations(IoType.READ) >= BURST && inFlight() >= REQUESTS - 10);
  }

  private int inFlight() {
    try {
      return host.onControl(
          () -> host.all.get("vm").sessions().stream().mapToInt(SessionInfo::inFlight).sum());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aQueueThatIsStoppedDoesNotWaitForTheLimit() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      limit(iops(1));
      submitReads(driver, REQUESTS);

      awaitHeld();
      driver.frontend().stopQueue(FIRST_REQUEST_QUEUE);

      awaitAnswers(driver, REQUESTS);
    }
  }

  @Test
  void aUnitWhoseCommandsAreHeldIsRemovedAtOnce() throws Exception {
    try (VirtioScsiDriver driver = driver()) {
      limit(iops(1));
      submitReads(driver, REQUESTS);
      awaitHeld();

      host.until(() -> host.bdevs.remove("disk"));

      awaitAnswers(driver, REQUESTS);
    }
  }

  @Test
  void everyCommandIsDoneOnceWhateverItsLimitsAreAndHoweverOftenItsQueuesStop() throws Exception {
    Random random = new Random(3);
    try (SurvivingLoad load = new SurvivingLoad(socket, 0, 5)) {
      for (int i = 0; i < ROUNDS; i++) {
        limit(iops(500 + random.nextInt(5_000)).with(RateLimit.READ_BYTES, random.nextInt(30)));
        load.run(random.nextInt(40));
        load.driver.suspend();
        if (random.nextBoolean()) {
          load.driver.resume();
        } else {
          load.driver.reconnect(socket);
        }
      }
      limit(RateLimits.NONE);
      load.compareAll();
    }
  }
}
