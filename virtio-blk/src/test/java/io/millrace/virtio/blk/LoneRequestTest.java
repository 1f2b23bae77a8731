package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.EventFd;
import io.millrace.virtqueue.RingFormat;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Requests that come one at a time, after pauses about as long as a reactor looks for them before
 * it sleeps: whatever step on the way there one of them meets, it is served. Each reactor has one
 * queue, so that nobody else's kick wakes it.
 */
@Timeout(60)
class LoneRequestTest {
  private static final int QUEUES = 2;
  private static final int SHORTEST_PAUSE_BITS = 10; // 1 µs
  private static final int LONGEST_PAUSE_BITS = 22; // 4 ms
  private static final int REQUESTS_PER_MOVE = 100;
  private static final int TURNS_PER_REST = 100;
  private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(1200);
  private static final long LEFT_LYING_NANOS = TimeUnit.SECONDS.toNanos(2);

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"NULL,SPLIT,false", "URING,PACKED,false", "THREADS,SPLIT,false", "MALLOC,SPLIT,true"})
  void noRequestIsLeftLyingWhileItsReactorGoesToSleep(
      RingMoveTest.Disk disk, RingFormat format, boolean moving) throws Exception {
    long seed = System.nanoTime();
    try (BlkTarget target = new BlkTarget(QUEUES)) {
      Path socket = disk.serve(target, folder);
      try (VirtioBlkDriver driver =
              VirtioBlkDriver.open(socket, RingMoveTest.options(format).withQueues(QUEUES, 16, 1));
          RingMoves moves = new RingMoves(target, seed)) {
        LoneRequests requests = new LoneRequests(driver, new Random(seed));
        long end = System.nanoTime() + RUN_NANOS;

        while (requests.turn(System.nanoTime() < end, "seed " + seed)) {
          if (moving && requests.movesAreDue()) {
            moves.moveAll();
          }
        }

        assertThat(requests.failures).isZero();
        assertThat(requests.kicks()).as("kicks, as it slept").isPositive();
      }
    }
  }

  /** A driver that looks at its queues in turn and has a request with each, or a pause. */
  private static final class LoneRequests {
    private final VirtioBlkDriver driver;
    private final Random random;
    private final long data;
    private final long[] since; // by queue: when its request was sent, or its pause began
    private final long[] pauseNanos;
    private long done;
    private long failures;
    private long lastMove;

    LoneRequests(VirtioBlkDriver driver, Random random) {
      this.driver = driver;
      this.random = random;
      data = driver.memory().allocate(4096, 4096);
      since = new long[driver.queueCount()];
      pauseNanos = new long[driver.queueCount()];
      kicks(); // what starting the queues took
    }

    /** Sends what is due, if more is to be sent, and takes answers; whether there is more to do. */
    boolean turn(boolean more, String seed) {
      if (random.nextInt(TURNS_PER_REST) == 0) {
        LockSupport.parkNanos(1); // the reactors may have no other core
      }
      boolean goesOn = more;
      for (int i = 0; i < since.length; i++) {
        BlkQueue queue = driver.queue(i);
        if (queue.inFlightCount() > 0) {
          look(queue, i, seed);
          goesOn = true;
        } else if (more && System.nanoTime() - since[i] >= pauseNanos[i]) {
          queue.submit(VirtioBlk.T_IN, 8L * i, data, 4096, i);
          queue.kick();
          since[i] = System.nanoTime();
        }
      }
      return goesOn;
    }

    private void look(BlkQueue queue, int index, String seed) {
      long before = System.nanoTime(); // a driver that was held up itself finds the answer now
      if (queue.poll(this::completed) == 0 && before - since[index] > LEFT_LYING_NANOS) {
        throw new AssertionError(
            "queue %d: the request after a pause of %d ns is left lying; %s"
                .formatted(index, pauseNanos[index], seed));
      }
    }

    private void completed(long token, int status, long writtenBytes) {
      done++;
      failures += status == VirtioBlk.S_OK ? 0 : 1;
      since[(int) token] = System.nanoTime();
      pauseNanos[(int) token] =
          random.nextLong(1L << random.nextInt(SHORTEST_PAUSE_BITS, LONGEST_PAUSE_BITS + 1));
    }

    boolean movesAreDue() {
      boolean due = done - lastMove >= REQUESTS_PER_MOVE;
      lastMove = due ? done : lastMove;
      return due;
    }

    long kicks() {
      long all = 0;
      for (int i = 0; i < since.length; i++) {
        all += EventFd.drain(driver.queue(i).events().kick().number());
      }
      return all;
    }
  }
}
