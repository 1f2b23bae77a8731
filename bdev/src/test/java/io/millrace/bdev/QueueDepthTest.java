package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What reactors see of how many requests they have in flight, each of its own channel's. */
class QueueDepthTest {
  private static final long PERIOD = TimeUnit.MILLISECONDS.toNanos(1);

  private final Reactor one = Reactor.stepped("one");
  private final Reactor other = Reactor.stepped("other");
  private final ManualBdev disk = new ManualBdev("disk");
  private long now;

  @AfterEach
  void close() {
    one.close();
    other.close();
  }

  private void pass(double periods) {
    now += (long) (periods * PERIOD);
    one.runOnce(now);
    other.runOnce(now);
  }

  private BdevChannel open(Reactor reactor) throws BdevException {
    return ((Bdev) disk).acquireChannel(reactor);
  }

  private void look(long micros) {
    CompletableFuture<?> done = disk.lookAtDepth(micros).toCompletableFuture();
    pass(0);
    assertThat(done).isCompleted();
  }

  private static void submit(BdevChannel channel) {
    channel.submit(TestIo.of(IoType.READ, 0, 512));
  }

  private void end() {
    disk.started.forEach(io -> io.complete(IoStatus.SUCCESS, 512));
    disk.started.clear();
  }

  private void expect(double busyPeriods, double weightedPeriods) {
    assertThat(disk.queueDepth().busyMicros()).isEqualTo((long) (busyPeriods * 1000));
    assertThat(disk.queueDepth().weightedMicros()).isEqualTo((long) (weightedPeriods * 1000));
  }

  @Test
  void aBusyDiskIsBusyOnceHoweverManyReactorsUseIt() throws Exception {
    BdevChannel here = open(one);
    BdevChannel there = open(other);
    look(1000);
    submit(here);
    submit(there);
    submit(there);

    pass(1);
    pass(1);
    expect(2, 6);

    end();
    pass(1);
    expect(2, 6);
    ((Bdev) disk).releaseChannel(here);
    ((Bdev) disk).releaseChannel(there);
  }

  @Test
  void aLateLookStandsForOnePeriodAndTheNextIsOnTimeAgain() throws Exception {
    BdevChannel here = open(one);
    look(1000);
    submit(here);

    pass(1.9);
    expect(1, 1);
    pass(0.2);
    expect(2, 2);

    end();
    ((Bdev) disk).releaseChannel(here);
  }

  @Test
  void aChannelThatOpensLaterIsLookedAtAndOneThatIsClosedNoMore() throws Exception {
    look(1000);
    BdevChannel here = open(one);
    submit(here);
    pass(1);
    expect(1, 1);
    end();

    ((Bdev) disk).releaseChannel(here);
    pass(1);
    expect(1, 1);
  }

  @Test
  void whatWasSeenStaysWhateverThePeriodIsSetTo() throws Exception {
    BdevChannel here = open(one);
    look(1000);
    submit(here);
    pass(1);

    look(0);
    pass(4);
    expect(1, 1);
    look(2000);
    pass(1);
    pass(1);
    expect(3, 3);
    look(1); // a millisecond at least
    pass(1);
    expect(4, 4);

    assertThat(disk.queueDepth().periodMicros()).isEqualTo(1);
    end();
    ((Bdev) disk).releaseChannel(here);
  }

  @Test
  void aRequestThatEndsASleepIsNotTakenForWhatWasThereAllTheTime() throws Exception {
    long second = TimeUnit.SECONDS.toNanos(1);
    try (Reactor sleeper = Reactor.start("sleeper", -1)) {
      BdevChannel here = on(sleeper, () -> open(sleeper));
      disk.lookAtDepth(TimeUnit.NANOSECONDS.toMicros(second)).toCompletableFuture().join();
      long turn = Math.floorDiv(System.nanoTime(), second);
      await("the time of a look", () -> Math.floorDiv(System.nanoTime(), second) > turn);

      on(sleeper, Executors.callable(() -> submit(here), here));
      on(sleeper, Executors.callable(() -> end(), here));

      if (Math.floorDiv(System.nanoTime(), second) == turn + 1) { // else there was another look
        expect(0, 0);
      }
      release(sleeper, here);
    }
  }

  @Test
  void aReactorThatSleepsUntilItsRequestEndsLooksAllTheSame() throws Exception {
    try (Reactor sleeper = Reactor.start("sleeper", -1)) {
      BdevChannel here = on(sleeper, () -> open(sleeper));
      disk.lookAtDepth(1000).toCompletableFuture().join();
      on(sleeper, Executors.callable(() -> submit(here), here));

      await("ten looks", () -> disk.queueDepth().busyMicros() >= 10_000);

      on(sleeper, Executors.callable(() -> end(), here));
      release(sleeper, here);
    }
  }

  private static void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as("waited 20 s for " + what).isNegative();
      LockSupport.parkNanos(PERIOD);
    }
  }

  private void release(Reactor reactor, BdevChannel channel) throws Exception {
    on(reactor, Executors.callable(() -> ((Bdev) disk).releaseChannel(channel), channel));
  }

  private static <T> T on(Reactor reactor, Callable<T> call) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    reactor.execute(() -> {
      try {
        done.complete(call.call());
      } catch (Exception e) {
        done.completeExceptionally(e);
      }
    });
    return Objects.requireNonNull(done.get(20, TimeUnit.SECONDS));
  }
}
