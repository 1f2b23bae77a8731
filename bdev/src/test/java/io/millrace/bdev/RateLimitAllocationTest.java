package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.reactor.Reactor;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A request allocates nothing, whether a limit lets it through or has it wait. */
class RateLimitAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int QUEUES = 3;
  private static final int DEPTH = 32;
  private static final int REQUESTS = 100_000;
  private static final long ROUND_NANOS = 20_000;

  private final Reactor reactor = Reactor.stepped("stepped");
  private int done;
  private int failed;
  private int waited;

  @AfterEach
  void close() {
    reactor.close();
  }

  /** Submits itself again in the round after it is done; counts. */
  private final class Again extends BdevIo {
    private final BdevChannel way;
    private boolean wanted = true;
    private boolean submitting;

    Again(BdevChannel way, Object source) {
      super(1, source);
      this.way = way;
    }

    void submitIfDone() {
      if (wanted) {
        wanted = false;
        begin(done % 3 == 0 ? IoType.WRITE : IoType.READ, 512, 4_096);
        addSegment(4_096, 4_096);
        submitting = true;
        way.submit(this);
        submitting = false;
      }
    }

    @Override
    protected void completed(IoStatus status) {
      done++;
      failed += status == IoStatus.SUCCESS ? 0 : 1;
      waited += submitting ? 0 : 1;
      wanted = true;
    }
  }

  @Test
  void aHundredThousandRequestsOfWhichSomeWaitAllocateNothing() throws BdevException {
    Bdev bdev = new NullBdev("null", UUID.randomUUID(), 512, 512, 4_096);
    BdevChannel channel = bdev.acquireChannel(reactor);
    Map<RateLimit, Long> limits =
        Map.of(RateLimit.RW_IOS, 1_000_000L, RateLimit.WRITE_BYTES, 1_000L);
    bdev.limit(new RateLimits(limits, RateLimits.DEFAULT_BURST_MILLIS), 0, () -> {});
    reactor.runOnce(0);
    Again[] ios = new Again[QUEUES * DEPTH];
    for (int i = 0; i < ios.length; i++) {
      ios[i] = new Again(channel, "queue " + i % QUEUES);
    }

    long now = 0;
    long bytes = -1;
    for (int batch = 0; batch < 20 && bytes != 0; batch++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      long asking = THREADS.getCurrentThreadAllocatedBytes() - before;
      done = 0;
      waited = 0;
      while (done < REQUESTS) {
        now += ROUND_NANOS;
        for (Again io : ios) {
          io.submitIfDone();
        }
        reactor.runOnce(now);
      }
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before - 2 * asking;
    }

    assertThat(bytes).as("bytes for 100,000 requests").isZero();
    assertThat(failed).isZero();
    assertThat(waited).isBetween(REQUESTS / 10, REQUESTS);
  }
}
