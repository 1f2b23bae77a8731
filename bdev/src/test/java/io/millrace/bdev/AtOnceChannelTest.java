package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A channel whose requests are done when they are started, as a rule, and those that are not. */
class AtOnceChannelTest {
  private static final int BLOCK = ManualBdev.BLOCK;

  private final Reactor reactor = Reactor.stepped("stepped");
  private final ManualBdev bdev = new ManualBdev("manual");
  private final TestIo io = TestIo.of(IoType.WRITE, 0, BLOCK);
  private BdevChannel channel;

  @BeforeEach
  void open() throws BdevException {
    bdev.saysAtOnce = true;
    channel = bdev.acquireChannel(reactor);
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  private void settle() {
    for (int i = 0; i < 3; i++) {
      reactor.runOnce(0);
    }
  }

  private void submit() {
    io.begin(IoType.WRITE, 0, BLOCK);
    channel.submit(io);
  }

  @Test
  void oneThatIsDoneIsInNoListAndIsCounted() {
    bdev.onStart = started -> started.complete(IoStatus.SUCCESS, BLOCK);

    channel.submit(io);

    assertThat(io.statuses).containsExactly(IoStatus.SUCCESS);
    assertThat(channel.inFlightCount()).isZero();
    assertThat(channel.newestInFlight()).isNull();
    assertThat(channel.statistics().operations(IoType.WRITE)).isEqualTo(1);
  }

  @Test
  void oneThatIsNotIsInFlightUntilItIs() {
    channel.submit(io);

    assertThat(channel.newestInFlight()).isSameAs(io);
    assertThat(channel.inFlightCount()).isEqualTo(1);

    io.complete(IoStatus.SUCCESS, BLOCK);

    assertThat(channel.newestInFlight()).isNull();
    assertThat(channel.inFlightCount()).isZero();
  }

  @Test
  void oneThatIsSubmittedAnewWhenItIsDoneIsInFlightOnce() {
    List<BdevIo> starts = new ArrayList<>();
    bdev.onStart =
        started -> {
          starts.add(started);
          if (starts.size() < 3) {
            started.complete(IoStatus.SUCCESS, BLOCK);
          }
        };
    io.whenCompleted =
        () -> {
          if (starts.size() < 3) {
            submit();
          }
        };

    channel.submit(io);

    assertThat(starts).hasSize(3);
    assertThat(channel.inFlightCount()).isEqualTo(1);
    assertThat(channel.newestInFlight()).isSameAs(io);
    assertThat(io.next).isNull();

    io.complete(IoStatus.SUCCESS, BLOCK);

    assertThat(channel.inFlightCount()).isZero();
  }

  @Test
  void aLockWaitsForOneThatIsNotDoneAndHoldsBackTheNext() {
    List<RangeLock> got = new ArrayList<>();
    channel.submit(io);
    bdev.lockRange(reactor, 0, BLOCK, got::add);
    settle();
    TestIo later = TestIo.of(IoType.WRITE, 0, BLOCK);
    channel.submit(later);

    assertThat(got).isEmpty();
    assertThat(bdev.started).containsExactly(io);

    io.complete(IoStatus.SUCCESS, BLOCK);
    settle();
    assertThat(got).hasSize(1);

    bdev.unlockRange(got.getFirst());
    settle();
    assertThat(bdev.started).containsExactly(io, later);
  }

  @Test
  void oneThatIsNotDoneCanBeCancelled() {
    channel.submit(io);

    channel.cancel(io);

    assertThat(io.statuses).containsExactly(IoStatus.ABORTED);
    assertThat(channel.inFlightCount()).isZero();
  }
}
