package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Transfers that are longer than a turn on the reactor: done in parts, and the others in between.
 */
@Timeout(60)
class LongTransferTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final int TURN = 64 << 10;
  private static final int LONG = 10 * TURN + 512;

  private BlkTarget target;
  private Reactor reactor;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    reactor = target.reactors.get(0);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private static RecordingBdev recording() {
    return RecordingBdev.of(
        BdevLimits.NONE.withTurn(TURN), EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH));
  }

  private static BlkDriverOptions options(int queues) {
    return BlkDriverOptions.defaults().withQueues(queues, 128, 16).withMemory(32 << 20, true);
  }

  private static List<Long> lengths(RecordingBdev bdev) {
    return bdev.asked.stream().map(RecordingBdev.Asked::length).toList();
  }

  @Test
  void manyMebibytesInOddPiecesArriveAsTheyWere() throws Exception {
    Path socket = target.serveMalloc("disk");
    Random random = new Random(5);
    byte[] data = new byte[9 << 20];
    random.nextBytes(data);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long out = driver.memory().allocate(data.length, 512);
      long in = driver.memory().allocate(data.length, 512);
      RawMemory.put(data, 0, data.length, out);

      assertThat(gathered(driver, VirtioBlk.T_OUT, out, data.length, random)).isEqualTo(1);
      assertThat(gathered(driver, VirtioBlk.T_IN, in, data.length, random))
          .isEqualTo(data.length + 1);

      byte[] back = new byte[data.length];
      RawMemory.get(in, back, 0, back.length);
      assertThat(back).isEqualTo(data);
    }
  }

  /** One request of 30 segments of any length; bytes that the device says it wrote. */
  private static long gathered(
      VirtioBlkDriver driver, int type, long address, int bytes, Random random) throws Exception {
    long[] addresses = new long[30];
    int[] lengths = new int[30];
    int left = bytes;
    for (int i = 0; i < 30; i++) {
      lengths[i] = i == 29 ? left : 1 + random.nextInt(2 * left / (30 - i) - 1);
      addresses[i] = address + bytes - left;
      left -= lengths[i];
    }
    long[] result = {-1, -1};
    BlkQueue queue = driver.queue(0);
    assertThat(queue.submitGathered(type, 8, addresses, lengths, 30, 0)).isTrue();
    queue.kick();
    BlkTarget.await(
        "it is done",
        () ->
            queue.poll((token, status, written) -> {
              result[0] = status;
              result[1] = written;
            })
                > 0);
    assertThat(result[0]).isEqualTo(VirtioBlk.S_OK);
    return result[1];
  }

  @Test
  void partsAreAsLongAsATurnOneAfterTheOther() throws Exception {
    RecordingBdev bdev = recording();
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long data = driver.memory().allocate(LONG, 512);

      assertThat(driver.run(VirtioBlk.T_OUT, 100, data, LONG, WAIT)).isEqualTo(VirtioBlk.S_OK);

      assertThat(bdev.asked).hasSize(11);
      for (int i = 0; i < 11; i++) {
        assertThat(bdev.asked.get(i).offset()).isEqualTo(100 * 512 + (long) i * TURN);
        assertThat(bdev.asked.get(i).length()).isEqualTo(i < 10 ? TURN : 512);
        assertThat(bdev.asked.get(i).durable()).isFalse();
      }
    }
  }

  @Test
  void everyPartOfADurableWriteIsDurable() throws Exception {
    RecordingBdev bdev = recording();
    Path socket = target.serve(bdev, false, null);
    FrontendOptions frontend = FrontendOptions.defaults();
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1).withFrontend(frontend))) {
      driver.writeback(false);
      long data = driver.memory().allocate(LONG, 512);

      assertThat(driver.run(VirtioBlk.T_OUT, 0, data, LONG, WAIT)).isEqualTo(VirtioBlk.S_OK);

      assertThat(bdev.asked).hasSize(11).allMatch(RecordingBdev.Asked::durable);
    }
  }

  @Test
  void whatDoesNotFitOnTheDiskIsNotBegun() throws Exception {
    RecordingBdev bdev = recording();
    Path socket = target.serve(bdev, false, null);
    long last = RecordingBdev.BLOCKS - LONG / 512;
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long data = driver.memory().allocate(LONG + 512, 512);

      assertThat(driver.run(VirtioBlk.T_OUT, last + 1, data, LONG, WAIT))
          .isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, data, LONG + 1, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_OUT, -1, data, LONG, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(bdev.asked).isEmpty();

      assertThat(driver.run(VirtioBlk.T_OUT, last, data, LONG, WAIT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void aPartThatFailsIsTheLast() throws Exception {
    RecordingBdev bdev = recording();
    bdev.holds = true;
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long data = driver.memory().allocate(LONG, 512);
      BlkQueue queue = driver.queue(0);
      queue.submit(VirtioBlk.T_IN, 0, data, LONG, 0);
      queue.kick();
      BlkTarget.await("the first part", () -> bdev.held.size() == 1);
      bdev.release(reactor, IoStatus.SUCCESS);
      BlkTarget.await("the second part", () -> bdev.held.size() == 1);
      bdev.release(reactor, IoStatus.IO_ERROR);

      AtomicInteger outcome = new AtomicInteger(-1);
      BlkTarget.await(
          "it is done", () -> queue.poll((token, status, written) -> outcome.set(status)) > 0);
      assertThat(outcome).hasValue(VirtioBlk.S_IOERR);
      assertThat(bdev.asked).hasSize(2);
    }
  }

  /**
   * A queue that rests is found by its kick, for which the reactor looks now and then: where a
   * thread stood still for long enough for that, another try has to do.
   */
  @Test
  void anotherQueueHasItsTurnAfterAPart() throws Exception {
    RecordingBdev bdev = recording();
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(2))) {
      long data = driver.memory().allocate(2 << 20, 512);
      int turn = Integer.MAX_VALUE;
      for (int i = 0; i < 5 && turn > 4; i++) { // two turns of 128 KiB
        turn = turnBesideALongTransfer(driver, bdev, data);
      }
      assertThat(turn).isLessThanOrEqualTo(4);
    }
  }

  /** How many parts of a long transfer are done before a request of another queue. */
  private int turnBesideALongTransfer(VirtioBlkDriver driver, RecordingBdev bdev, long data) {
    for (int i = 0; i < 2; i++) { // so that both were busy just now
      driver.queue(i).submit(VirtioBlk.T_FLUSH, 0, 0, 0, 0);
      driver.queue(i).kick();
      reap(driver, i);
    }
    bdev.asked.clear();
    CountDownLatch offered = new CountDownLatch(1);
    reactor.execute(() -> awaitQuietly(offered)); // so that it finds both at once
    driver.queue(0).submit(VirtioBlk.T_IN, 0, data, 2 << 20, 0);
    driver.queue(0).kick();
    driver.queue(1).submit(VirtioBlk.T_IN, 0, data, 512, 0);
    driver.queue(1).kick();
    offered.countDown();
    reap(driver, 0);
    reap(driver, 1);
    return lengths(bdev).indexOf(512L);
  }

  private static void reap(VirtioBlkDriver driver, int queue) {
    BlkTarget.await("it is done", () -> driver.queue(queue).poll((t, s, w) -> {}) > 0);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aQueueThatStopsFinishesWhatItHas() throws Exception {
    RecordingBdev bdev = recording();
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long data = driver.memory().allocate(16 << 20, 512);
      driver.queue(0).submit(VirtioBlk.T_IN, 0, data, 16 << 20, 0);
      driver.queue(0).kick();
      BlkTarget.await("it has begun", () -> !bdev.asked.isEmpty());

      driver.stop();

      AtomicInteger outcome = new AtomicInteger(-1);
      driver.queue(0).poll((token, status, written) -> outcome.set(status));
      assertThat(outcome).hasValue(VirtioBlk.S_OK);
      assertThat(bdev.asked).hasSize((16 << 20) / TURN);
    }
  }

  @Test
  void aDiskThatIsRemovedFailsWhatIsLeft() throws Exception {
    RecordingBdev bdev = recording();
    bdev.holds = true;
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(1))) {
      long data = driver.memory().allocate(LONG, 512);
      BlkQueue queue = driver.queue(0);
      queue.submit(VirtioBlk.T_IN, 0, data, LONG, 0);
      queue.kick();
      BlkTarget.await("the first part", () -> bdev.held.size() == 1);
      var removed = target.onControl(() -> target.bdevs.remove("disk").toCompletableFuture());
      bdev.holds = false;
      bdev.release(reactor, IoStatus.ABORTED);
      removed.get();

      AtomicInteger outcome = new AtomicInteger(-1);
      BlkTarget.await(
          "it is done", () -> queue.poll((token, status, written) -> outcome.set(status)) > 0);
      assertThat(outcome).hasValue(VirtioBlk.S_IOERR);
    }
  }
}
