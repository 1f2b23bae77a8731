package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.bdev.stacked.SplitBdev;
import io.millrace.reactor.Reactor;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A request allocates nothing on its way through delay, error, passthru and split, and back, with
 * its time counted on each.
 */
class StackedAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 32;
  private static final int REQUESTS = 100_000;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final BdevRegistry registry = new BdevRegistry();
  private final ReadAgain[] ios = new ReadAgain[DEPTH];
  private int done;
  private int failed;

  @AfterEach
  void close() {
    reactor.close();
  }

  /** Submits itself again when it is done; counts. */
  private final class ReadAgain extends BdevIo {
    private final BdevChannel way;

    ReadAgain(BdevChannel way) {
      super(2);
      this.way = way;
    }

    void submit() {
      begin(done % 2 == 0 ? IoType.READ : IoType.WRITE, 512, 1024);
      addSegment(4096, 512);
      addSegment(8192, 512);
      way.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      done++;
      failed += status == IoStatus.SUCCESS ? 0 : 1;
      submit();
    }
  }

  @Test
  void aHundredThousandRequestsAllocateNothing() throws BdevException {
    registry.register(new NullBdev("null", UUID.randomUUID(), 512, 512, 4096));
    for (SplitBdev part : SplitBdev.create(registry, "null", 2, 0, () -> {})) {
      registry.register(part);
    }
    registry.register(PassthruBdev.create(registry, "nullp1", "pt", null));
    registry.register(ErrorBdev.create(registry, "pt", null, () -> {}));
    Map<Latency, Long> micros =
        Map.of(
            Latency.AVG_READ,
            10L,
            Latency.P99_READ,
            50L,
            Latency.AVG_WRITE,
            20L,
            Latency.P99_WRITE,
            70L);
    Bdev top = DelayBdev.create(registry, "EE_pt", "top", null, micros);
    registry.register(top);
    for (Bdev each : registry.all()) {
      each.countLatencies(
          new LatencyHistogram.Shape(List.of(IoType.READ), 7, 1_000, 120_000_000_000L));
    }
    BdevChannel channel = top.acquireChannel(reactor);
    for (int i = 0; i < DEPTH; i++) {
      ios[i] = new ReadAgain(channel);
      ios[i].submit();
    }

    long now = 0;
    long bytes = -1;
    for (int batch = 0; batch < 20 && bytes != 0; batch++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      long asking = THREADS.getCurrentThreadAllocatedBytes() - before;
      done = 0;
      while (done < REQUESTS) {
        now += 1_000;
        reactor.runOnce(now);
      }
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before - 2 * asking;
    }

    assertThat(bytes).as("bytes for 100,000 requests").isZero();
    assertThat(failed).isZero();
    LatencyHistogram counts = top.latencies().toCompletableFuture().join().orElseThrow();
    assertThat(IntStream.range(0, counts.buckets()).mapToLong(counts::count).sum())
        .as("reads that were counted")
        .isGreaterThan(REQUESTS / 3);
    assertThat(channel.inFlightCount()).isEqualTo(DEPTH);
  }
}
