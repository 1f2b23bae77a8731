package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What EVENT_IDX saves: the kicks and calls of batches between which both sides sleep, counted by
 * the eventfds themselves.
 */
@Timeout(120)
class NotificationsTest {
  private static final int DEPTH = 32;
  private static final int BATCHES = 300;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"null,false", "null,true", "file,false", "file,true"})
  void aBatchOf32TakesFewKicksAndCalls(String kind, boolean packed) throws Exception {
    long ring = packed ? VirtioFeature.RING_PACKED : 0;
    BlkDriverOptions options =
        BlkDriverOptions.defaults().withFrontend(FrontendOptions.defaults().withMoreFeatures(ring));
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket =
          kind.equals("null")
              ? target.serveNull("disk")
              : target.serveFile("disk", folder.resolve("disk.img"));
      Reactor reactor = target.reactors.get(0);
      try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options)) {
        assertThat(driver.has(VirtioFeature.EVENT_IDX)).isTrue();
        assertThat(driver.has(VirtioFeature.RING_PACKED)).isEqualTo(packed);
        int pollers = kind.equals("null") ? 1 : 2; // the queue, and the io_uring of the file
        Sleeper sleeper = new Sleeper(driver);
        for (int i = 0; i < BATCHES; i++) {
          BlkTarget.await("the reactor sleeps", () -> reactor.restingCount() == pollers);
          sleeper.batch();
        }

        double requests = (double) BATCHES * DEPTH;
        assertThat(sleeper.kicks / requests).as("kicks a request").isLessThan(0.1);
        assertThat(sleeper.calls / requests).as("calls a request").isLessThan(0.1);
        assertThat(sleeper.kicks).as("it slept").isGreaterThanOrEqualTo(BATCHES);
      }
    }
  }

  /** A driver that sleeps whenever it has nothing to take back. */
  private static final class Sleeper {
    private final BlkQueue queue;
    private final long data;
    private int done;
    private int failures;
    long kicks;
    long calls;

    Sleeper(VirtioBlkDriver driver) {
      queue = driver.queue(0);
      data = driver.memory().allocate(DEPTH * 4096L, 4096);
      EventFd.drain(queue.events().kick().number()); // what starting the queue took
      EventFd.drain(queue.events().call().number());
    }

    void batch() throws Exception {
      done = 0;
      for (int i = 0; i < DEPTH; i++) {
        queue.submit(VirtioBlk.T_IN, 8L * i, data + 4096L * i, 4096, i);
      }
      queue.kick();
      int call = queue.events().call().number();
      while (done < DEPTH) {
        if (queue.ring().enableCalls()) {
          assertThat(DescriptorPassing.await(call, false, 10_000)).as("called").isTrue();
          calls += EventFd.drain(call);
        }
        queue.poll(this::completed);
      }
      kicks += EventFd.drain(queue.events().kick().number());
      assertThat(failures).isZero();
    }

    private void completed(long token, int status, long written) {
      done++;
      failures += status == VirtioBlk.S_OK ? 0 : 1;
    }
  }
}
