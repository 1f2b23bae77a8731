package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoType;
import io.millrace.nvme.TransportStatistics;
import io.millrace.nvme.bdev.DriverOnModel.Request;
import io.millrace.nvme.model.Fault;
import io.millrace.nvme.model.ModelOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is counted of a disk's requests. */
class TransportStatisticsTest {
  private static final int BYTES = 4096;
  private static final int BATCH = 8;

  /** A driver whose queues are made: what came before is done. */
  private static DriverOnModel driver(boolean shadowDoorbells) throws Exception {
    ModelOptions options = ModelOptions.disk(1 << 14);
    options.doorbellBuffer = shadowDoorbells;
    DriverOnModel driver = new DriverOnModel(options).open("Nvme0n1");
    driver.run(IoType.READ, 0, BYTES, driver.memory.address());
    return driver;
  }

  private static TransportStatistics of(DriverOnModel driver) {
    assertThat(driver.module.transport()).containsOnlyKeys(driver.reactor);
    return driver.module.transport().get(driver.reactor);
  }

  private static void readAtOnce(DriverOnModel driver) {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      requests.add(driver.submit(IoType.READ, (long) i * BYTES, BYTES, driver.memory.address()));
    }
    driver.until("all are done", () -> requests.stream().allMatch(r -> r.completions > 0));
  }

  @Test
  void requestsCountOneByOneAndDoorbellsByTheBatch() throws Exception {
    try (DriverOnModel driver = driver(false)) {
      TransportStatistics before = of(driver);

      readAtOnce(driver);

      TransportStatistics after = of(driver);
      long polls = after.polls() - before.polls();
      long idle = after.idlePolls() - before.idlePolls();
      assertThat(after.submittedRequests() - before.submittedRequests()).isEqualTo(BATCH);
      assertThat(after.completions() - before.completions()).isEqualTo(BATCH);
      assertThat(after.queuedRequests()).isEqualTo(before.queuedRequests());
      assertThat(after.sqMmioDoorbellUpdates() - before.sqMmioDoorbellUpdates()).isEqualTo(1);
      assertThat(after.cqMmioDoorbellUpdates() - before.cqMmioDoorbellUpdates())
          .isEqualTo(polls - idle);
      assertThat(after.sqShadowDoorbellUpdates() + after.cqShadowDoorbellUpdates()).isZero();
    }
  }

  @Test
  void doorbellsInMemoryAreCountedWhereTheControllerHasThem() throws Exception {
    try (DriverOnModel driver = driver(true)) {
      TransportStatistics before = of(driver);

      readAtOnce(driver);

      TransportStatistics after = of(driver);
      assertThat(after.sqShadowDoorbellUpdates() - before.sqShadowDoorbellUpdates()).isEqualTo(1);
      assertThat(after.cqShadowDoorbellUpdates()).isGreaterThan(before.cqShadowDoorbellUpdates());
    }
  }

  @Test
  void whatIsAbortedAndSentAgainIsCountedAgain() throws Exception {
    try (DriverOnModel driver = driver(false)) {
      TransportStatistics before = of(driver);
      driver.model().script().io().opcode(2).does(Fault.drop());

      readAtOnce(driver);

      TransportStatistics after = of(driver);
      assertThat(after.completions() - before.completions())
          .isEqualTo(BATCH + 1); // the aborted one
      assertThat(after.submittedRequests() - before.submittedRequests()).isEqualTo(BATCH + 1);
    }
  }

  @Test
  void countsGoOnWhenTheQueuePairIsMadeAnew() throws Exception {
    try (DriverOnModel driver = driver(false)) {
      readAtOnce(driver);
      TransportStatistics before = of(driver);

      driver.reopenChannel();
      readAtOnce(driver);

      assertThat(of(driver).completions() - before.completions()).isEqualTo(BATCH);
    }
  }
}
