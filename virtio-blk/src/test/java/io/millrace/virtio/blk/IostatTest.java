package io.millrace.virtio.blk;

import static io.millrace.virtio.blk.IostatCalls.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.MovableRing;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What {@code vhost_get_iostat} says of disks, queues and reactors. */
@Timeout(60)
class IostatTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final int QUEUES = 2;
  private static final BlkDriverOptions OPTIONS =
      BlkDriverOptions.defaults().withQueues(QUEUES, 64, 32);

  private BlkTarget target;
  private IostatCalls iostat;
  private Path socket;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
    socket = target.serveMalloc("disk");
    iostat = new IostatCalls(target);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  /** When nothing is in flight: a driver has its answer a moment before it is counted. */
  private JsonNode disk() throws Exception {
    JsonNode disk = iostat.disk();
    for (int i = 0; number(disk, "in_flight") > 0; i++) {
      assertThat(i).as("calls that found requests in flight").isLessThan(100_000);
      disk = iostat.disk();
    }
    return disk;
  }

  /** One request of each kind, and a write beyond the end. */
  private static void oneOfEach(VirtioBlkDriver driver) throws Exception {
    long data = driver.memory().allocate(8192, 4096);
    assertThat(driver.run(VirtioBlk.T_OUT, 0, data, 8192, PATIENCE)).isEqualTo(VirtioBlk.S_OK);
    assertThat(driver.run(VirtioBlk.T_IN, 0, data, 4096, PATIENCE)).isEqualTo(VirtioBlk.S_OK);
    assertThat(driver.run(VirtioBlk.T_FLUSH, 0, data, 0, PATIENCE)).isEqualTo(VirtioBlk.S_OK);
    assertThat(driver.run(VirtioBlk.T_GET_ID, 0, data, 20, PATIENCE)).isEqualTo(VirtioBlk.S_OK);
    BlkRange.put(data, 0, 8, 8, 0);
    BlkRange.put(data, 1, 32, 16, 0);
    assertThat(driver.run(VirtioBlk.T_DISCARD, 0, data, 2 * BlkRange.BYTES, PATIENCE))
        .isEqualTo(VirtioBlk.S_OK);
    assertThat(driver.run(VirtioBlk.T_WRITE_ZEROES, 0, data, BlkRange.BYTES, PATIENCE))
        .isEqualTo(VirtioBlk.S_OK);
    assertThat(driver.run(VirtioBlk.T_OUT, 1L << 30, data, 4096, PATIENCE))
        .isEqualTo(VirtioBlk.S_IOERR);
  }

  @Test
  void eachKindOfRequestIsCountedOnItsQueue() throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      oneOfEach(driver);

      JsonNode disk = disk();
      assertThat(disk.get("ctrlr").asString()).isEqualTo("disk");
      assertThat(disk.get("bdevs").get(0).asString()).isEqualTo("disk");
      assertThat(number(disk, "read_ops")).isEqualTo(1);
      assertThat(number(disk, "read_bytes")).isEqualTo(4096);
      assertThat(number(disk, "write_ops")).isEqualTo(2);
      assertThat(number(disk, "write_bytes")).isEqualTo(8192);
      assertThat(number(disk, "write_errors")).isEqualTo(1);
      assertThat(number(disk, "flush_ops")).isEqualTo(1);
      assertThat(number(disk, "discard_ops")).isEqualTo(1);
      assertThat(number(disk, "discard_bytes")).isEqualTo(24 * 512);
      assertThat(number(disk, "write_zeroes_ops")).isEqualTo(1);
      assertThat(number(disk, "write_zeroes_bytes")).isEqualTo(8 * 512);
      assertThat(number(disk, "other_ops")).isEqualTo(1);
      JsonNode queues = disk.get("queues");
      assertThat(queues.size()).isEqualTo(QUEUES);
      assertThat(number(queues.get(0), "read_ops")).isEqualTo(1);
      assertThat(number(queues.get(1), "read_ops")).isZero();
      assertThat(queues.get(1).get("reactor").asString()).startsWith("reactor-");
    }
  }

  @Test
  void kicksCallsAndDepthAreThoseThatTheDriverSees() throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      BlkTarget.await("the queues sleep", () -> resting() == QUEUES);
      long before = number(disk().get("queues").get(0), "kicks");
      long data = driver.memory().allocate(32 * 4096, 4096);
      for (int i = 0; i < 32; i++) {
        driver.queue(0).submit(VirtioBlk.T_IN, 0, data + i * 4096L, 4096, i);
      }
      driver.queue(0).kick();
      int[] done = {0};
      BlkTarget.await(
          "they are done", () -> (done[0] += driver.queue(0).poll((t, s, w) -> {})) == 32);

      JsonNode queue = disk().get("queues").get(0);
      assertThat(number(queue, "kicks")).isEqualTo(before + 1);
      assertThat(number(queue, "calls")).isPositive();
      // A stretch of the batch is taken before the first of it is given back.
      assertThat(number(queue, "max_in_flight")).isBetween(8L, 32L);
      assertThat(number(queue, "in_flight")).isZero();
      assertThat(number(queue, "polls")).isGreaterThan(number(queue, "empty_polls"));
    }
  }

  private int resting() {
    return target.reactors.values().stream().mapToInt(Reactor::restingCount).sum();
  }

  @Test
  void countsOutliveAReconnectAndAMoveToAnotherReactor() throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      oneOfEach(driver);
    }
    BlkTarget.await("it is gone", () -> target.sessions("disk") == 0);
    assertThat(disk().get("queues").get(0).get("reactor").isNull()).isTrue();

    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      RingMoves moves = new RingMoves(target, 5);
      MovableRing ring = moves.rings().getFirst();
      Reactor there =
          target.reactors.values().stream()
              .filter(r -> !r.equals(ring.reactor()))
              .findFirst()
              .orElseThrow();
      assertThat(moves.move(ring, there)).isTrue();
      oneOfEach(driver);

      JsonNode queue = disk().get("queues").get(0);
      assertThat(number(queue, "read_ops")).isEqualTo(2);
      assertThat(number(queue, "write_ops")).isEqualTo(4);
      assertThat(queue.get("reactor").asString()).isEqualTo(there.name());
    }
  }

  @Test
  void aResetCountsFromZeroAgain() throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      oneOfEach(driver);
      assertThat(number(disk(), "in_flight")).isZero();
      ObjectNode reset =
          IostatCalls.params().put("name", "disk").put("reset", true).put("per_queue", false);

      JsonNode last = iostat.call("vhost_get_iostat", reset).get("controllers").get(0);

      assertThat(number(last, "read_ops")).isEqualTo(1);
      assertThat(last.has("queues")).isFalse();
      assertThat(number(disk(), "read_ops")).isZero();
      assertThat(number(disk(), "max_in_flight")).isZero();
      oneOfEach(driver);
      assertThat(number(disk(), "read_ops")).isEqualTo(1);
    }
  }

  @Test
  void reactorsTellWhatTheyDidWithTheirTime() throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      BlkTarget.await("the queues sleep", () -> resting() == QUEUES);
      oneOfEach(driver);
      BlkTarget.await("the queues sleep again", () -> resting() == QUEUES);

      JsonNode reactors = iostat.call("vhost_get_iostat", IostatCalls.params()).get("reactors");

      assertThat(reactors.size()).isEqualTo(3);
      assertThat(reactors.get(0).get("name").asString()).isEqualTo("control");
      JsonNode reactor = reactors.get(1);
      assertThat(number(reactor, "lcore")).isZero();
      assertThat(number(reactor, "busy")).isPositive();
      assertThat(number(reactor, "idle")).isPositive();
      assertThat(number(reactor, "rounds")).isPositive();
      assertThat(number(reactor, "sleeps")).isPositive();
      assertThat(number(reactor, "sleeping")).isPositive();
      assertThat(number(reactor, "wakeups") + number(reactors.get(2), "wakeups")).isPositive();
    }
  }
}
