package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.reactor.Reactor;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** READ, WRITE and SYNCHRONIZE CACHE allocate nothing on their way through a request queue. */
@Timeout(120)
class ScsiQueueAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 32;
  private static final int BATCH = 100_000;
  private static final int MOST_BATCHES = 60;
  private static final byte[] SYNCHRONIZE = {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0};

  private int done;
  private int failures;

  @ParameterizedTest
  @ValueSource(strings = {"read", "write", "synchronize"})
  void commandsAllocateNothing(String what) throws Exception {
    try (ScsiHost host = new ScsiHost(1)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.add("vm", 3, 7, "disk");
      Reactor reactor = host.reactors.get(0);
      ScsiDriverOptions options = ScsiDriverOptions.defaults().withQueues(1, 128, DEPTH);
      try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options)) {
        long lun = VirtioScsi.lun(3, 7);
        settle(driver, lun);
        long data = driver.memory().allocate(DEPTH * 4096L, 4096);
        byte[] cdb =
            switch (what) {
              case "read" -> transfer(ScsiCdbs.READ, 64, 8);
              case "write" -> transfer(ScsiCdbs.WRITE, 64, 8);
              default -> SYNCHRONIZE;
            };
        int bytes = what.equals("synchronize") ? 0 : 4096;
        ScsiRequestQueue queue = driver.queue(0);

        long allocated = -1;
        for (int i = 0; i < MOST_BATCHES && allocated != 0; i++) {
          allocatedBytes(reactor);
          long before = allocatedBytes(reactor);
          long asking = allocatedBytes(reactor) - before;
          load(queue, lun, cdb, data, bytes, what.equals("read"));
          allocated = allocatedBytes(reactor) - before - 2 * asking;
        }

        assertThat(allocated).as("bytes for %d commands", BATCH).isZero();
        assertThat(failures).isZero();
      }
    }
  }

  private void load(
      ScsiRequestQueue queue, long lun, byte[] cdb, long data, int bytes, boolean in) {
    done = 0;
    int submitted = 0;
    ScsiCompletion completion =
        (token, response, status, slot, written) -> {
          done++;
          failures += response == 0 && status == 0 ? 0 : 1;
        };
    while (done < BATCH) {
      while (submitted < BATCH
          && queue.submit(
              lun, 0, 0, cdb, data + (submitted % DEPTH) * 4096L, bytes, in, submitted)) {
        submitted++;
      }
      queue.kick();
      queue.poll(completion);
    }
  }

  private static long allocatedBytes(Reactor reactor) throws Exception {
    CompletableFuture<Long> bytes = new CompletableFuture<>();
    reactor.execute(
        () -> bytes.complete(THREADS.getThreadAllocatedBytes(Thread.currentThread().threadId())));
    return bytes.get(20, TimeUnit.SECONDS);
  }
}
