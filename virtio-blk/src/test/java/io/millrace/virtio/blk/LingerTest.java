package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.PollerReport;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.RingFormat;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How often a ring is looked at in one turn: a reactor with one ring polls it once a round. */
@Timeout(60)
class LingerTest {
  private static final int REQUESTS = 20_000;

  @ParameterizedTest
  @EnumSource
  void aDriverWithOneRequestAtATimeIsWaitedForInOneTurn(RingFormat format) throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket = target.serveNull("disk");
      BlkDriverOptions options = RingMoveTest.options(format).withQueues(1, 16, 1);
      try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options)) {
        Reactor reactor = target.reactors.get(0);
        long before = looksBeyondTurns(reactor);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);

        // a driver that is quicker than the look is not waited for: on a busy host, that may be all
        long looks;
        do {
          load(driver);
          looks = looksBeyondTurns(reactor) - before;
        } while (looks <= REQUESTS / 2 && System.nanoTime() < end);

        assertThat(looks).isGreaterThan(REQUESTS / 2);
      }
    }
  }

  private static void load(VirtioBlkDriver driver) {
    BlkQueue queue = driver.queue(0);
    long data = driver.memory().allocate(4096, 4096);
    for (int i = 0; i < REQUESTS; i++) {
      queue.submit(VirtioBlk.T_IN, 0, data, 4096, i);
      queue.kick();
      while (queue.poll((token, status, written) -> {}) == 0) {
        Thread.onSpinWait();
      }
    }
  }

  private static long looksBeyondTurns(Reactor reactor) throws Exception {
    AtomicLong turns = new AtomicLong();
    BlkTarget.run(
        reactor, () -> turns.set(reactor.pollers().stream().mapToLong(PollerReport::polls).sum()));
    return reactor.statistics().rounds() - turns.get();
  }
}
