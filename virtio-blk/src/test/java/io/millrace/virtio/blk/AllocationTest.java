package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.IoType;
import io.millrace.bdev.LatencyHistogram;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.VirtioFeature;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The request path allocates nothing, through sleeps and wake-ups, with times counted too. */
@Timeout(120)
class AllocationTest {
  @TempDir private Path folder;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 32;
  private static final int WARM_UP = 100_000;
  private static final int WARM_UP_ROUNDS = 60;
  private static final int REQUESTS = 1_000_000;
  private static final int RUNS = 4;
  private static final int SLEEPS = 1_000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "malloc, counted",
        "file, counted",
        "registered",
        "ranges",
        "packed",
        "in order",
        "followed"
      })
  void aMillionRequestsAndAThousandSleepsAllocateNothing(String kind) throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket =
          switch (kind) {
            case "null", "ranges", "packed", "in order", "followed" -> target.serveNull("disk");
            case "malloc, counted" -> target.serveMalloc("disk");
            case "registered" -> target.serveFileRegistered("disk", folder.resolve("disk.img"));
            default -> target.serveFile("disk", folder.resolve("disk.img"));
          };
      Reactor reactor = target.reactors.get(0);
      long features =
          switch (kind) {
            case "packed" -> VirtioFeature.RING_PACKED;
            case "in order" -> VirtioFeature.IN_ORDER;
            default -> 0;
          };
      BlkDriverOptions options =
          BlkDriverOptions.defaults()
              .withFrontend(FrontendOptions.defaults().withMoreFeatures(features));
      try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options)) {
        assertThat(driver.frontend().features() & features).isEqualTo(features);
        if (kind.endsWith("counted")) {
          countLatencies(target);
        }
        if (kind.equals("registered")) {
          BlkTarget.await(
              "the memory is registered",
              () -> target.details("disk").get("registered_bytes").equals(driver.memory().size()));
        }
        if (kind.equals("followed")) {
          IostatCalls calls = new IostatCalls(target);
          calls.histogram("disk", true);
          calls.slowRequests("disk", 1); // each request is slow, and most find no room
        }
        Load load = new Load(driver, kind.equals("ranges"));
        warmUp(load, reactor);

        assertThat(leastAllocated(load, reactor)).isZero();
        assertThat(load.failures).isZero();
        if (kind.endsWith("counted")) {
          assertThat(counted(target)).isGreaterThan(REQUESTS);
        }
      }
    }
  }

  private static void countLatencies(BlkTarget target) throws Exception {
    target
        .onControl(() ->
            target
                .bdevs
                .get("disk")
                .countLatencies(
                    new LatencyHistogram.Shape(
                        List.of(IoType.values()), 7, 1_000, 120_000_000_000L)))
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  private static long counted(BlkTarget target) throws Exception {
    LatencyHistogram counts =
        target
            .onControl(() -> target.bdevs.get("disk").latencies())
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS)
            .orElseThrow();
    return IntStream.range(0, counts.buckets()).mapToLong(counts::count).sum();
  }

  /**
   * Runs until the compiler is done with the path: what it has not reached yet, on a busy machine,
   * allocates what compiled code does not.
   */
  private static void warmUp(Load load, Reactor reactor) throws Exception {
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      if (allocatedBy(() -> load.run(WARM_UP, SLEEPS, reactor), reactor) == 0) {
        return;
      }
    }
  }

  /**
   * What the best of a few runs of a million requests allocated: code that is thrown away and
   * compiled anew in the middle of a run allocates for a moment, one run in many; a request path
   * that allocates does so in each.
   */
  private static long leastAllocated(Load load, Reactor reactor) throws Exception {
    long least = Long.MAX_VALUE;
    for (int run = 0; run < RUNS && least > 0; run++) {
      least = Math.min(least, allocatedBy(() -> load.run(REQUESTS, SLEEPS, reactor), reactor));
    }
    return least;
  }

  /** Bytes the reactor's thread allocated meanwhile, less what asking for them costs. */
  private static long allocatedBy(Runnable work, Reactor reactor) throws Exception {
    allocatedBytes(reactor);
    long before = allocatedBytes(reactor);
    long asking = allocatedBytes(reactor) - before;
    work.run();
    return allocatedBytes(reactor) - before - 2 * asking;
  }

  private static long allocatedBytes(Reactor reactor) throws Exception {
    CompletableFuture<Long> bytes = new CompletableFuture<>();
    reactor.execute(
        () -> bytes.complete(THREADS.getThreadAllocatedBytes(Thread.currentThread().threadId())));
    return bytes.get(10, TimeUnit.SECONDS);
  }

  /**
   * Random reads, or requests to write zeroes of three ranges, at depth 32, with pauses in which
   * the reactor goes to sleep.
   */
  private static final class Load {
    private static final int RANGES = 3;

    private final BlkQueue queue;
    private final boolean ranges;
    private final long buffer;
    private long next;
    private int done;
    private int failures;

    Load(VirtioBlkDriver driver, boolean ranges) {
      this.ranges = ranges;
      queue = driver.queue(0);
      buffer = driver.memory().allocate(DEPTH * 4096L, 4096);
      for (int i = 0; ranges && i < DEPTH * RANGES; i++) {
        BlkRange.put(buffer + i / RANGES * 4096L, i % RANGES, 8L * i, 8, 0);
      }
    }

    void run(int requests, int sleeps, Reactor reactor) {
      int perBurst = requests / sleeps;
      for (int burst = 0; burst < sleeps; burst++) {
        int submitted = 0;
        done = 0;
        while (done < perBurst) {
          while (submitted < perBurst && submitted - done < DEPTH) {
            long sector = (next++ * 7919 % 16000) * 8;
            long data = buffer + (submitted % DEPTH) * 4096L;
            if (ranges) {
              int bytes = RANGES * BlkRange.BYTES;
              queue.submit(VirtioBlk.T_WRITE_ZEROES, 0, data, bytes, submitted);
            } else {
              queue.submit(VirtioBlk.T_IN, sector, data, 4096, submitted);
            }
            submitted++;
          }
          queue.kick();
          queue.poll(this::completed);
        }
        BlkTarget.await("the reactor sleeps", () -> reactor.restingCount() > 0);
      }
    }

    private void completed(long token, int status, long written) {
      done++;
      failures += status == VirtioBlk.S_OK ? 0 : 1;
    }
  }
}
