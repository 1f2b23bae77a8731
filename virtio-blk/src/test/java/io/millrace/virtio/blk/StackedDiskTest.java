package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Injection;
import io.millrace.bdev.stacked.Injection.Kind;
import io.millrace.bdev.stacked.Latency;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guest sees of the bdevs that delay, fail and go away. */
@Timeout(60)
class StackedDiskTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final long DELAY_MICROS = 30_000;
  private static final BlkDriverOptions OPTIONS = BlkDriverOptions.defaults();

  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
    target.onControl(() -> {
      target.bdevs.register(
          MallocBdev.create("base", UUID.randomUUID(), 512, 512, BlkTarget.DISK_BYTES / 512));
      return null;
    });
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private Path serve(Callable<? extends Bdev> maker) throws Exception {
    return target.serve(target.onControl(maker::call), false, null);
  }

  private ErrorBdev errorBdev() throws Exception {
    return target.onControl(() -> ErrorBdev.create(target.bdevs, "base", null, () -> {}));
  }

  private void inject(ErrorBdev error, IoType type, Injection injection) throws Exception {
    target.onControl(() -> {
      error.inject(type, injection);
      return null;
    });
  }

  private void remove(String bdev) throws Exception {
    target
        .onControl(() -> target.bdevs.remove(bdev).toCompletableFuture())
        .get(20, TimeUnit.SECONDS);
  }

  @Test
  void aDelayedDiskIsNoFasterThanItsLatency() throws Exception {
    Map<Latency, Long> micros = new EnumMap<>(Latency.class);
    for (Latency which : Latency.values()) {
      micros.put(which, DELAY_MICROS);
    }
    Path socket = serve(() -> DelayBdev.create(target.bdevs, "base", "slow", null, micros));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      for (int type : new int[] {VirtioBlk.T_IN, VirtioBlk.T_OUT}) {
        long before = System.nanoTime();

        int status = driver.run(type, 0, buffer, 512, WAIT);

        assertThat(status).isEqualTo(VirtioBlk.S_OK);
        assertThat(System.nanoTime() - before)
            .isGreaterThanOrEqualTo(TimeUnit.MICROSECONDS.toNanos(DELAY_MICROS));
      }
    }
  }

  @Test
  void exactlySoManyRequestsFailAsWereInjectedOnAllQueuesTogether() throws Exception {
    ErrorBdev error = errorBdev();
    Path socket = target.serve(error, false, null);
    inject(error, IoType.READ, new Injection(Kind.FAILURE, 7, 0, 0, 0));
    try (VirtioBlkDriver driver =
        VirtioBlkDriver.open(socket, OPTIONS.withQueues(4, 64, 16).withMemory(1 << 20, true))) {
      long buffer = driver.memory().allocate(16 * 4096, 4096);
      int[] statuses = new int[3];
      for (int q = 0; q < 4; q++) {
        BlkQueue queue = driver.queue(q);
        for (int i = 0; i < 16; i++) {
          queue.submit(VirtioBlk.T_IN, i * 8L, buffer + i * 4096L, 4096, i);
        }
        queue.kick();
      }

      BlkTarget.await(
          "all queues have answered",
          () -> {
            for (int q = 0; q < 4; q++) {
              driver.queue(q).poll((token, status, written) -> statuses[status]++);
            }
            return statuses[0] + statuses[1] + statuses[2] == 64;
          });

      assertThat(statuses).containsExactly(57, 7, 0);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void aByteOfWhatAGuestWritesIsChangedOnTheDiskAndNotInItsMemory() throws Exception {
    ErrorBdev error = errorBdev();
    Path socket = target.serve(error, false, null);
    inject(error, IoType.WRITE, new Injection(Kind.CORRUPT_DATA, 1, 0, 100, 0x10));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long out = driver.memory().allocate(512, 512);
      long in = driver.memory().allocate(512, 512);
      RawMemory.fill(out, 512, (byte) 3);

      assertThat(driver.run(VirtioBlk.T_OUT, 0, out, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
      assertThat(driver.run(VirtioBlk.T_IN, 0, in, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);

      for (int i = 0; i < 512; i++) {
        assertThat(RawMemory.getByte(out + i)).as("memory at %d", i).isEqualTo((byte) 3);
        assertThat(RawMemory.getByte(in + i))
            .as("disk at %d", i)
            .isEqualTo((byte) (i == 100 ? 0x13 : 3));
      }
    }
  }

  @Test
  void aDiskWhoseBaseIsRemovedAnswersWhatIsPendingAndFailsTheRest() throws Exception {
    ErrorBdev error = errorBdev();
    Path socket = target.serve(error, false, null);
    inject(error, IoType.READ, new Injection(Kind.PENDING, 100, 0, 0, 0));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(16 * 512, 512);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
      BlkQueue queue = driver.queue(0);
      for (int i = 0; i < 8; i++) {
        queue.submit(VirtioBlk.T_IN, 0, buffer + i * 512L, 512, i);
      }
      queue.kick();
      BlkTarget.await("the reads are pending", () -> target.inFlight("EE_base") == 8);

      remove("base");

      int[] statuses = new int[3];
      BlkTarget.await(
          "the pending requests are answered",
          () -> {
            queue.poll((token, status, written) -> statuses[status]++);
            return statuses[0] + statuses[1] + statuses[2] == 8;
          });
      assertThat(statuses[VirtioBlk.S_IOERR]).isEqualTo(8);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(target.bdevs.all()).isEmpty();
      assertThat(target.sessions("EE_base")).as("the guest keeps its disk").isEqualTo(1);
    }
    target
        .onControl(() -> target.controllers.delete("EE_base").toCompletableFuture())
        .get(20, TimeUnit.SECONDS);
    assertThat(target.onControl(() -> target.controllers.get("EE_base"))).isNull();
  }

  @Test
  void aGuestThatLeavesItsPendingRequestsBehindHoldsNothing() throws Exception {
    ErrorBdev error = errorBdev();
    Path socket = target.serve(error, false, null);
    inject(error, IoType.READ, new Injection(Kind.PENDING, 100, 0, 0, 0));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      driver.queue(0).submit(VirtioBlk.T_IN, 0, buffer, 512, 1);
      driver.queue(0).kick();
      assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
      driver.frontend().close();
    }

    BlkTarget.await("the session has ended", () -> target.sessions("EE_base") == 0);
    remove("base");
    assertThat(target.bdevs.all()).isEmpty();
  }

  @Test
  void theBaseOfAServedDiskIsNobodyElses() throws Exception {
    serve(() -> PassthruBdev.create(target.bdevs, "base", "disk", null));

    assertThat(target.onControl(() -> target.bdevs.isClaimed(target.bdevs.get("base")))).isTrue();
    remove("disk");
    assertThat(target.onControl(() -> target.bdevs.isClaimed(target.bdevs.get("base")))).isFalse();
  }
}
