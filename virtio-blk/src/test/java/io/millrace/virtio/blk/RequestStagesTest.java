package io.millrace.virtio.blk;

import static io.millrace.virtio.blk.IostatCalls.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Injection;
import io.millrace.bdev.stacked.Latency;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.rpc.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** How long requests are where, and which are reported as slow. */
@Timeout(60)
class RequestStagesTest {
  private static final long DELAY_MICROS = 20_000;
  private static final long DELAY_NANOS = TimeUnit.MICROSECONDS.toNanos(DELAY_MICROS);
  private static final int BATCH = 32; // as many as a ring's turn takes, in four stretches
  private static final BlkDriverOptions OPTIONS = BlkDriverOptions.defaults().withQueues(2, 64, 64);

  private BlkTarget target;
  private IostatCalls iostat;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    iostat = new IostatCalls(target);
    target.onControl(() -> {
      target.bdevs.register(MallocBdev.create("base", UUID.randomUUID(), 512, 512, 1 << 15));
      return true;
    });
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  /** Each request takes 20 ms. */
  private Path serveSlow() throws Exception {
    var latency =
        Arrays.stream(Latency.values())
            .collect(Collectors.toMap(Function.identity(), each -> DELAY_MICROS));
    return target.serve(
        target.onControl(() -> DelayBdev.create(target.bdevs, "base", "slow", null, latency)),
        false,
        null);
  }

  private static void reads(BlkQueue queue, long data, int count) {
    for (int i = 0; i < count; i++) {
      queue.submit(VirtioBlk.T_IN, 8L * i, data, 4096, i);
    }
    queue.kick();
    int[] done = {0};
    BlkTarget.await("the reads are done", () -> (done[0] += queue.poll((t, s, w) -> {})) == count);
  }

  private static long bucketSum(JsonNode stage) {
    return stage.get("buckets").valueStream().mapToLong(bucket -> number(bucket, "count")).sum();
  }

  @Test
  void histogramsTellInWhichStageTheTimeIsSpent() throws Exception {
    Path socket = serveSlow();
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      reads(driver.queue(1), data, 1);
      assertThat(iostat.queue(1).has("histogram")).as("not switched on").isFalse();

      iostat.histogram("slow", true);
      reads(driver.queue(1), data, 5);

      awaitCounted(1, 5);
      JsonNode histogram = iostat.queue(1).get("histogram");
      for (String name : List.of("ring", "bdev", "completion", "total")) {
        JsonNode stage = histogram.get(name);
        assertThat(number(stage, "count")).as(name).isEqualTo(5);
        assertThat(bucketSum(stage)).as(name).isEqualTo(5);
      }
      assertThat(number(histogram.get("bdev"), "p50")).isGreaterThan(DELAY_NANOS);
      assertThat(number(histogram.get("ring"), "sum")).isPositive();
      assertThat(number(histogram.get("completion"), "sum")).isPositive();
      assertThat(number(histogram.get("total"), "sum"))
          .isEqualTo(
              number(histogram.get("ring"), "sum")
                  + number(histogram.get("bdev"), "sum")
                  + number(histogram.get("completion"), "sum"));
      assertThat(number(iostat.queue(0).get("histogram").get("total"), "count")).isZero();
    }
  }

  @Test
  void histogramsBeginAnewAfterAResetAndWhenTheyAreSwitchedOnAgain() throws Exception {
    Path socket = target.serveMalloc("disk");
    iostat.histogram("disk", true);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      reads(driver.queue(0), data, 3);
      awaitCounted(0, 3);

      iostat.call("vhost_get_iostat", IostatCalls.params().put("reset", true));
      assertThat(number(total(), "count")).isZero();
      reads(driver.queue(0), data, 2);
      awaitCounted(0, 2);

      iostat.histogram("disk", false);
      assertThat(iostat.queue(0).has("histogram")).isFalse();
      reads(driver.queue(0), data, 1);
      iostat.histogram("disk", true);
      reads(driver.queue(0), data, 4);
      awaitCounted(0, 4);
    }
  }

  @Test
  void aBatchThatIsNotDoneAtOnceAfterAllHasItsOwnTimesToItsEnd() throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    Path socket = target.serve(disk, false, null);
    iostat.histogram("disk", true);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      for (int i = 0; i < 3; i++) {
        reads(driver.queue(0), data, BATCH); // at once: most of those to come are estimated
      }
      disk.holds = true;
      for (int i = 0; i < BATCH; i++) {
        driver.queue(0).submit(VirtioBlk.T_IN, 8L * i, data, 4096, i);
      }
      driver.queue(0).kick();
      BlkTarget.await("all are held", () -> disk.held.size() == BATCH);
      long heldAt = System.nanoTime();
      BlkTarget.await("a while is over", () -> System.nanoTime() - heldAt > 2 * DELAY_NANOS);

      for (int i = 0; i < BATCH; i++) {
        disk.release(target.reactors.get(0), IoStatus.SUCCESS);
      }
      int[] done = {0};
      BlkTarget.await(
          "all are done", () -> (done[0] += driver.queue(0).poll((t, s, w) -> {})) == BATCH);

      awaitCounted(0, 4L * BATCH);
      long slow =
          total()
              .get("buckets")
              .valueStream()
              .filter(bucket -> number(bucket, "below") > DELAY_NANOS)
              .mapToLong(bucket -> number(bucket, "count"))
              .sum();
      assertThat(slow).isEqualTo(BATCH);
    }
  }

  private JsonNode total() throws Exception {
    return total(0);
  }

  private JsonNode total(int queue) throws Exception {
    return iostat.queue(queue).get("histogram").get("total");
  }

  /** A driver knows of its answer before that is counted. */
  private void awaitCounted(int queue, long count) {
    BlkTarget.await(
        count + " are counted",
        () -> {
          try {
            return number(total(queue), "count") == count;
          } catch (Exception e) {
            throw new AssertionError("queue " + queue + " tells nothing", e);
          }
        });
  }

  @Test
  void aSlowRequestIsReportedWithWhatItWasAndWhereItsTimeWent() throws Exception {
    Path socket = serveSlow();
    iostat.slowRequests("slow", DELAY_MICROS / 2);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(8192, 4096);
      driver.queue(1).submit(VirtioBlk.T_OUT, 24, data, 8192, 1);
      driver.queue(1).kick();

      log.await("slow queue 1: write of 8192 bytes at LBA 24 took ");

      Matcher line =
          Pattern.compile(
                  "took (.*) ms: (.*) in the ring, (.*) in the bdev, (.*) until the driver was"
                      + " told; look at the storage of slow")
              .matcher(log.all().stream().filter(l -> l.contains("took")).findFirst().orElse(""));
      assertThat(line.find()).isTrue();
      assertThat(Double.parseDouble(line.group(3))).isGreaterThanOrEqualTo(DELAY_MICROS / 1e3);
    }
  }

  @Test
  void oneQuickRequestIsNotReported() throws Exception {
    Path socket = serveSlow();
    iostat.slowRequests("slow", 10_000_000);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      reads(driver.queue(0), data, 1);
      iostat.slowRequests("slow", DELAY_MICROS / 2);
      reads(driver.queue(1), data, 1);

      log.await("slow queue 1: read");

      assertThat(log.all()).noneMatch(line -> line.contains("queue 0: read"));
    }
  }

  @Test
  void aHundredSlowRequestsAreTenLinesAndTheirNumber() throws Exception {
    Path socket = serveSlow();
    iostat.slowRequests("slow", DELAY_MICROS / 2);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      reads(driver.queue(0), data, 50);
      reads(driver.queue(1), data, 50);
      Pattern leftOut = Pattern.compile("^([0-9]+) more slow requests .* are left out");

      // one that is in flight as somebody looks is spoken of twice: as it hangs and when it is done
      BlkTarget.await("all are spoken of", () -> spokenOf(log.all(), leftOut) >= 100);

      assertThat(spokenOf(log.all(), leftOut)).isLessThanOrEqualTo(200);
      long lines = log.all().stream().filter(RequestStagesTest::speaksOfOne).count();
      assertThat(lines).isBetween(10L, 30L); // in however many seconds that was
    }
  }

  private static long spokenOf(List<String> lines, Pattern leftOut) {
    long count = 0;
    for (String line : new ArrayList<>(lines)) {
      Matcher number = leftOut.matcher(line);
      count += number.find() ? Long.parseLong(number.group(1)) : speaksOfOne(line) ? 1 : 0;
    }
    return count;
  }

  private static boolean speaksOfOne(String line) {
    return line.contains(" took ") || line.contains(" hangs for ");
  }

  @Test
  void aRequestThatHangsIsReportedWhileItHangsAndOnce() throws Exception {
    ErrorBdev error =
        target.onControl(() -> ErrorBdev.create(target.bdevs, "base", null, () -> {}));
    Path socket = target.serve(error, false, null);
    target.onControl(() -> {
      error.inject(IoType.READ, new Injection(Injection.Kind.PENDING, 1, 0, 0, 0));
      return true;
    });
    iostat.slowRequests("EE_base", 200_000);
    try (LogLines log = new LogLines();
        VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long data = driver.memory().allocate(4096, 4096);
      driver.queue(0).submit(VirtioBlk.T_IN, 16, data, 4096, 1);
      driver.queue(0).kick();

      log.await("EE_base queue 0: read of 4096 bytes at LBA 16 hangs for ");
      driver.queue(1).submit(VirtioBlk.T_IN, 16, data, 4096, 1);
      driver.queue(1).kick();
      target.onControl(() -> {
        error.inject(IoType.READ, new Injection(Injection.Kind.PENDING, 1, 0, 0, 0));
        return true;
      });
      driver.queue(0).submit(VirtioBlk.T_IN, 32, data, 4096, 2);
      driver.queue(0).kick();
      log.await("EE_base queue 0: read of 4096 bytes at LBA 32 hangs for ");

      assertThat(log.all().stream().filter(l -> l.contains("LBA 16 hangs"))).hasSize(1);
      assertThat(number(iostat.queue(0), "in_flight")).isEqualTo(2);
    }
  }

  @Test
  void whatIsSetIsPartOfTheConfiguration() throws Exception {
    target.serveMalloc("disk");
    iostat.histogram("disk", true);
    iostat.slowRequests("disk", 5000);

    List<String> recorded =
        target.onControl(() ->
            iostat.methods.configuration().entries().stream()
                .map(RequestStagesTest::describe)
                .toList());

    assertThat(recorded)
        .containsExactly(
            "vhost_blk vhost_enable_histogram {\"ctrlr\":\"disk\",\"enable\":true}",
            "vhost_blk vhost_set_slow_request_threshold"
                + " {\"ctrlr\":\"disk\",\"threshold_us\":5000}");
    assertThat(number(iostat.disk(), "slow_request_threshold_us")).isEqualTo(5000);
    assertThat(iostat.disk().get("histogram_enabled").asBoolean()).isTrue();

    iostat.histogram("disk", false);
    assertThat(target.onControl(() -> iostat.methods.configuration().entries().size()))
        .isEqualTo(1);
  }

  private static String describe(Configuration.Entry entry) {
    return entry.subsystem() + " " + entry.method() + " " + entry.params();
  }
}
