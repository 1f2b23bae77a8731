package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.VirtioBlk;
import io.millrace.reactor.Reactor;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A disk that is removed takes nothing new, or a busy guest would keep it for ever. */
@Timeout(60)
class RemovalUnderLoadTest {
  @Test
  void whatComesWhileTheRestIsInFlightFailsAtOnce() throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Reactor reactor = target.reactors.get(0);
      SlowBdev slow = new SlowBdev();
      try (RawRing ring = new RawRing(target.serve(slow, false, null), true)) {
        ring.validRead(0, 1);
        ring.offer(0);
        BlkTarget.await("the first read is at the disk", () -> slow.held.size() == 1);
        CompletableFuture<?> removal =
            target.onControl(() -> target.bdevs.remove("slow").toCompletableFuture());
        BlkTarget.run(reactor, () -> {}); // the queue knows by then

        ring.validRead(8, 2);
        ring.offer(8);
        ring.awaitUsed(1);

        assertThat(ring.usedHead(0)).isEqualTo(8);
        assertThat(ring.status()).isEqualTo(VirtioBlk.S_IOERR);
        assertThat(removal).isNotDone();
        BlkTarget.run(reactor, () -> slow.held.remove().complete(IoStatus.SUCCESS, 512));
        ring.awaitUsed(2);
        removal.get(20, TimeUnit.SECONDS);
      }
    }
  }

  /** Holds every request until the test completes it. */
  private static final class SlowBdev extends Bdev {
    final Queue<BdevIo> held = new ConcurrentLinkedQueue<>();

    SlowBdev() {
      super(
          new BdevProperties(
              "slow",
              UUID.randomUUID(),
              "Slow disk",
              512,
              512,
              1024,
              false,
              false,
              BdevLimits.NONE,
              Set.of(IoType.READ)));
    }

    @Override
    protected BdevChannel newChannel(Reactor reactor) {
      return new BdevChannel(this, reactor) {
        @Override
        protected void start(BdevIo io) {
          held.add(io);
        }
      };
    }
  }
}
