package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.MallocBdev;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A disk on rings of every format and with every feature of theirs, by sockets and memory. */
@Timeout(120)
class RingFormatsTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final int BLOCK = 512;
  private static final int BLOCKS = 64; // of the disk that are used
  private static final int MOST_SEGMENTS = 5;

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
    return BlkDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults()
                .withFeatures(VirtioFeature.VERSION_1 | 1L << 30)
                .withMoreFeatures(features));
  }

  /** All sets of these features. */
  static LongStream features() {
    long[] bits = {
      VirtioFeature.RING_PACKED,
      VirtioFeature.INDIRECT_DESC,
      VirtioFeature.EVENT_IDX,
      VirtioFeature.IN_ORDER,
      VirtioFeature.NOTIFY_ON_EMPTY
    };
    return LongStream.range(0, 1 << bits.length)
        .map(set -> {
          long features = 0;
          for (int i = 0; i < bits.length; i++) {
            features |= (set >> i & 1) == 1 ? bits[i] : 0;
          }
          return features;
        });
  }

  @ParameterizedTest
  @MethodSource("features")
  void dataIsRightWhateverWasNegotiated(long features) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(socket, options(features).withQueues(1, 32, 8))) {
      assertThat(driver.frontend().features() & features).isEqualTo(features);

      new Scatter(driver, driver.queue(0), 3).run(2_000);
    }
  }

  @Test
  void aPackedRingMayHaveAnySize() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(socket, options(VirtioFeature.RING_PACKED).withQueues(1, 23, 7))) {
      new Scatter(driver, driver.queue(0), 5).run(2_000);
    }
  }

  @Test
  void aQueueIsResetAndStartsAnewWhileAnotherRuns() throws Exception {
    MallocBdev bdev =
        MallocBdev.create("reset", UUID.randomUUID(), 512, 512, BlkTarget.DISK_BYTES / 512);
    Path socket = target.serve(bdev, false, null, RingOptions.DEFAULTS.withReset(true));
    for (RingFormat format : RingFormat.values()) {
      long packed = format == RingFormat.PACKED ? VirtioFeature.RING_PACKED : 0;
      try (VirtioBlkDriver driver =
          VirtioBlkDriver.open(
              socket, options(packed | VirtioFeature.RING_RESET).withQueues(2, 32, 8))) {
        Scatter other = new Scatter(driver, driver.queue(1), 9, BLOCKS);
        Scatter first = new Scatter(driver, driver.queue(0), 11);
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Integer> rounds =
            CompletableFuture.supplyAsync(() -> {
              int count = 0;
              for (; !enough.get(); count++) {
                other.run(100);
              }
              return count;
            });
        for (int i = 0; i < 20; i++) {
          first.run(50);
          first.use(driver.resetQueue(0));
        }
        first.run(50);
        enough.set(true);
        assertThat(rounds.get(30, TimeUnit.SECONDS)).isPositive();
      }
    }
  }

  @Test
  void noQueueIsResetWhereThatIsNotOffered() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(VirtioFeature.RING_RESET))) {
      assertThatThrownBy(() -> driver.resetQueue(0))
          .isInstanceOf(InitiatorException.class)
          .hasMessageContaining("RING_RESET");
    }
  }

  @Test
  void whatTheOperatorDoesNotWantIsNotOffered() throws Exception {
    MallocBdev bdev =
        MallocBdev.create("plain", UUID.randomUUID(), 512, 512, BlkTarget.DISK_BYTES / 512);
    Path socket = target.serve(bdev, false, null, new RingOptions(false, false, false));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options(0))) {
      long offered = driver.frontend().offeredFeatures();

      assertThat(VirtioFeature.has(offered, VirtioFeature.RING_PACKED)).isFalse();
      assertThat(VirtioFeature.has(offered, VirtioFeature.IN_ORDER)).isFalse();
      assertThat(VirtioFeature.has(offered, VirtioFeature.RING_RESET)).isFalse();
      assertThat(VirtioFeature.has(offered, VirtioFeature.INDIRECT_DESC)).isTrue();
    }
  }

  @Test
  void aPackedRingGoesOnWhereItStopped() throws Exception {
    Path socket = target.serveMalloc("disk");
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(socket, options(VirtioFeature.RING_PACKED).withQueues(1, 23, 7))) {
      long buffer = driver.memory().allocate(4096, 4096);
      int base = RingFormat.PACKED.firstBase();
      for (int i = 0; i < 40; i++) {
        assertThat(driver.run(VirtioBlk.T_IN, i, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
        int stopped = driver.frontend().stopQueue(0);
        assertThat(stopped).isEqualTo(driver.queue(0).ring().base()).isNotEqualTo(base);
        base = stopped;
        restart(driver, base);
      }
    }
  }

  /** Starts the queue again, ring and event descriptors as they are, as a guest's resume does. */
  private static void restart(VirtioBlkDriver driver, int base) throws InitiatorException {
    var queue = driver.queue(0);
    driver.frontend().resumeQueue(queue.events(), queue.ring().layout(), base);
  }

  /** Writes and reads blocks in odd pieces, eight requests at once, and remembers what is where. */
  private static final class Scatter {
    private final Random random;
    private final long memory;
    private final long firstSector;
    private final byte[] disk = new byte[BLOCKS * BLOCK];
    private final boolean[] busy = new boolean[BLOCKS];
    private final boolean[] reads = new boolean[BLOCKS];
    private final long[] addresses = new long[MOST_SEGMENTS];
    private final int[] lengths = new int[MOST_SEGMENTS];
    private final byte[] block = new byte[BLOCK];
    private BlkQueue queue;
    private int done;

    Scatter(VirtioBlkDriver driver, BlkQueue queue, int seed) throws InitiatorException {
      this(driver, queue, seed, 0);
    }

    Scatter(VirtioBlkDriver driver, BlkQueue queue, int seed, long firstSector)
        throws InitiatorException {
      this.queue = queue;
      this.firstSector = firstSector;
      random = new Random(seed);
      memory = driver.memory().allocate((long) BLOCKS * BLOCK, 512);
      long zeros = driver.memory().allocate((long) BLOCKS * BLOCK, 512);
      long place = firstSector;
      assertThat(driver.run(VirtioBlk.T_OUT, place, zeros, BLOCKS * BLOCK, WAIT))
          .isEqualTo(VirtioBlk.S_OK);
    }

    void use(BlkQueue other) {
      queue = other;
    }

    void run(int requests) {
      int submitted = 0;
      done = 0;
      long deadline = System.nanoTime() + WAIT;
      while (done < requests) {
        while (submitted < requests && submitOne()) {
          submitted++;
        }
        queue.kick();
        queue.poll(this::completed);
        assertThat(queue.isBroken()).isFalse();
        assertThat(System.nanoTime()).as("%d done", done).isLessThan(deadline);
      }
    }

    private boolean submitOne() {
      int number = random.nextInt(BLOCKS);
      if (busy[number] || queue.inFlightCount() == queue.depth()) {
        return false;
      }
      long address = memory + (long) number * BLOCK;
      int count = 1 + random.nextInt(MOST_SEGMENTS);
      int left = BLOCK;
      for (int i = 0; i < count; i++) {
        lengths[i] = i == count - 1 ? left : 1 + random.nextInt(left - (count - 1 - i));
        addresses[i] = address + BLOCK - left;
        left -= lengths[i];
      }
      boolean read = random.nextBoolean();
      int type = read ? VirtioBlk.T_IN : VirtioBlk.T_OUT;
      if (!queue.submitGathered(type, firstSector + number, addresses, lengths, count, number)) {
        assertThat(queue.inFlightCount()).as("the ring is full").isPositive();
        return false;
      }
      fill(number, address, read); // the device looks at it after the kick
      busy[number] = true;
      reads[number] = read;
      return true;
    }

    private void fill(int number, long address, boolean read) {
      if (read) {
        RawMemory.fill(address, BLOCK, (byte) 0x5a);
      } else {
        random.nextBytes(block);
        RawMemory.put(block, 0, BLOCK, address);
        System.arraycopy(block, 0, disk, number * BLOCK, BLOCK);
      }
    }

    private void completed(long token, int status, long written) {
      int number = (int) token;
      busy[number] = false;
      done++;
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(written).isEqualTo(reads[number] ? BLOCK + 1 : 1);
      RawMemory.get(memory + (long) number * BLOCK, block, 0, BLOCK);
      for (int i = 0; i < BLOCK; i++) {
        assertThat(block[i])
            .as("byte %d of block %d", i, number)
            .isEqualTo(disk[number * BLOCK + i]);
      }
    }
  }
}
