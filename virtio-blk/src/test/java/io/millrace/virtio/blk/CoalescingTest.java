package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.vhost.user.server.Coalescing;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that are put off, as a driver sees them: fewer, and none lost. */
@Timeout(120)
class CoalescingTest {
  private static final int REQUESTS = 5_000;
  private static final int RUNS = 20;
  private static final int BYTES = 4096;
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** As much as can be asked for: any ring is beyond this threshold, and waits for its window. */
  private static final Coalescing MOST =
      new Coalescing(Coalescing.MAX_DELAY_MICROS, Coalescing.MIN_THRESHOLD);

  private BlkTarget target;
  private VirtioBlkDriver driver;
  private BlkQueue queue;
  private long data;
  private int done;

  @BeforeEach
  void open() throws Exception {
    target = new BlkTarget(1);
    driver = VirtioBlkDriver.open(target.serveNull("disk"), BlkDriverOptions.defaults());
    queue = driver.queue(0);
    data = driver.memory().allocate(BYTES, BYTES);
    EventFd.drain(call()); // what starting the queue took
  }

  @AfterEach
  void close() throws Exception {
    driver.close();
    target.close();
  }

  private int call() {
    return queue.events().call().number();
  }

  private void coalesce(Coalescing setting) {
    target.controllers.get("disk").coalescing(setting);
  }

  private void submit() {
    assertThat(queue.ring().enableCalls()).isTrue();
    queue.submit(VirtioBlk.T_IN, 0, data, BYTES, 0);
    queue.kick();
  }

  private void completed(long token, int status, long written) {
    done += status == VirtioBlk.S_OK ? 1 : 0;
  }

  /**
   * Calls for requests one by one, each wanting its own, of a driver that does not wait for them.
   */
  private long callsOfAPollingDriver() {
    long deadline = System.nanoTime() + WAIT_NANOS;
    for (int i = 1; i <= REQUESTS; i++) {
      submit();
      while (done < i) {
        queue.poll(this::completed);
        assertThat(System.nanoTime()).as("time of request " + i).isLessThan(deadline);
      }
    }
    done = 0;
    return EventFd.drain(call());
  }

  /**
   * Of a few runs: in one where a busy machine has the driver stand still for a window, its ring is
   * no busy one, and calls at once in the next.
   */
  private long fewestCalls() {
    long fewest = Long.MAX_VALUE;
    for (int run = 0; run < RUNS && fewest >= REQUESTS / 10; run++) {
      fewest = Math.min(fewest, callsOfAPollingDriver());
    }
    return fewest;
  }

  @Test
  void busyRingCallsAgainAndAgainUntilThatIsPutOff() {
    assertThat(callsOfAPollingDriver()).isGreaterThan(REQUESTS / 2);

    coalesce(MOST);
    callsOfAPollingDriver(); // until the rate is known
    assertThat(fewestCalls()).isLessThan(REQUESTS / 10);

    coalesce(Coalescing.OFF);
    assertThat(callsOfAPollingDriver()).isGreaterThan(REQUESTS / 2);
  }

  @Test
  void driverThatSleepsIsWokenForEachRequest() throws Exception {
    coalesce(MOST);
    callsOfAPollingDriver(); // so that the rate is beyond the threshold

    for (int i = 1; i <= 20; i++) {
      submit();
      while (done < i) {
        if (queue.ring().enableCalls()) {
          assertThat(DescriptorPassing.await(call(), false, 10_000)).as("called").isTrue();
          EventFd.drain(call());
        }
        queue.poll(this::completed);
      }
    }
  }
}
