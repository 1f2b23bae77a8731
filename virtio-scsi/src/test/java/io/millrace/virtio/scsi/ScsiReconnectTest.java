package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The connection ends with commands in flight, again and again, and each is done exactly once for
 * the driver.
 */
@Timeout(120)
class ScsiReconnectTest {
  private static final int DEPTH = 24;
  private static final int RECONNECTS = 20;
  private static final long DELAY_MICROS = 2000;
  private static final int BLOCK = ScsiHost.BLOCK;

  private final boolean[] pending = new boolean[DEPTH];
  private final int[] version = new int[DEPTH];
  private final boolean[] writes = new boolean[DEPTH];
  private ScsiRequestQueue queue;
  private long memory;
  private int done;

  @ParameterizedTest
  @ValueSource(longs = {0, VirtioFeature.RING_PACKED})
  void everyCommandIsDoneOnce(long features) throws Exception {
    ScsiDriverOptions options =
        ScsiDriverOptions.defaults()
            .withQueues(1, 128, DEPTH)
            .withFrontend(
                FrontendOptions.defaults()
                    .withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features));
    try (ScsiHost host = new ScsiHost(2)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.slow("slow", "disk", DELAY_MICROS);
      host.add("vm", 0, 0, "slow");
      try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options)) {
        settle(driver, VirtioScsi.lun(0, 0));
        assertThat(driver.inflight()).isNotNull();
        queue = driver.queue(0);
        memory = driver.memory().allocate((long) DEPTH * BLOCK, 4096);
        int unfinished = 0;
        for (int i = 0; i < RECONNECTS; i++) {
          int until = done + 40;
          long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
          while (done < until) {
            load();
            assertThat(System.nanoTime()).as("commands were not completed").isLessThan(deadline);
          }
          submit();
          unfinished += queue.inFlightCount();
          driver.reconnect(socket);
        }
        finish();
        assertThat(unfinished).as("commands in flight over a reconnect").isPositive();
      }
    }
  }

  /** Commands that the session's unit attention sent back need their notification here too. */
  private void finish() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (queue.inFlightCount() > 0) {
      queue.kick();
      queue.poll(completion());
      assertThat(System.nanoTime()).as("commands were not completed").isLessThan(deadline);
    }
  }

  private void load() {
    submit();
    queue.poll(completion());
  }

  private void submit() {
    for (int slot = 0; slot < DEPTH; slot++) {
      if (!pending[slot]) {
        writes[slot] = !writes[slot];
        version[slot] += writes[slot] ? 1 : 0;
        start(slot);
      }
    }
    queue.kick();
  }

  private void start(int slot) {
    long buffer = memory + (long) slot * BLOCK;
    boolean write = writes[slot];
    for (int at = 0; at < BLOCK; at += 8) {
      RawMemory.putLong(buffer + at, write ? stamp(slot, at) : -1);
    }
    byte[] cdb = transfer(write ? ScsiCdbs.WRITE : ScsiCdbs.READ, slot, 1);
    assertThat(
            queue.submit(
                VirtioScsi.lun(0, 0),
                slot,
                VirtioScsi.ATTRIBUTE_SIMPLE,
                cdb,
                buffer,
                BLOCK,
                !write,
                slot))
        .isTrue();
    pending[slot] = true;
  }

  private long stamp(int slot, int at) {
    return (long) version[slot] << 32 | slot << 16 | at;
  }

  private ScsiCompletion completion() {
    return (token, response, status, slot, written) -> {
      int of = (int) token;
      assertThat(pending[of]).as("done once").isTrue();
      pending[of] = false;
      done++;
      if (response == VirtioScsi.S_OK && status == 2) {
        start(of); // the unit attention of a new session: a driver tries again
        return;
      }
      assertThat(response).isEqualTo(VirtioScsi.S_OK);
      assertThat(status).isZero();
      if (!writes[of]) {
        for (int at = 0; at < BLOCK; at += 8) {
          assertThat(RawMemory.getLong(memory + (long) of * BLOCK + at)).isEqualTo(stamp(of, at));
        }
      }
    };
  }
}
