package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A delay bdev is a bdev as any other, only later. The clock is the test's. */
class DelayBdevTest extends BdevContract {
  private DelayBdev delay;

  @Override
  Bdev newBdev(String name) throws BdevException {
    registry.register(MallocBdev.create("base", UUID.randomUUID(), BLOCK, 4096, BLOCKS));
    delay = DelayBdev.create(registry, "base", name, null, all(25));
    return delay;
  }

  private static Map<Latency, Long> all(long micros) {
    Map<Latency, Long> all = new EnumMap<>(Latency.class);
    for (Latency which : Latency.values()) {
      all.put(which, micros);
    }
    return all;
  }

  private TestIo submitted(IoType type) {
    TestIo io = io(type, 0, BLOCK);
    channel.submit(io);
    return io;
  }

  private void stepTo(long nanos) {
    now = nanos;
    reactor.runOnce(now);
  }

  @Test
  void aReadAndAWriteAreNotDoneBeforeTheirLatencyIsOver() throws BdevException {
    delay.update(Latency.AVG_WRITE, 40);
    delay.update(Latency.P99_WRITE, 40);
    TestIo read = submitted(IoType.READ);
    TestIo write = submitted(IoType.WRITE);

    stepTo(24_999);
    assertThat(read.statuses).isEmpty();
    stepTo(25_000);
    assertThat(read.statuses).containsExactly(IoStatus.SUCCESS);
    assertThat(read.transferredBytes()).isEqualTo(BLOCK);
    stepTo(39_999);
    assertThat(write.statuses).isEmpty();
    stepTo(40_000);
    assertThat(write.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @ParameterizedTest
  @EnumSource(names = {"FLUSH", "UNMAP", "WRITE_ZEROES"})
  void otherRequestsAreNotDelayed(IoType type) {
    assertThat(submitted(type).statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void aFailedRequestIsLateToo() throws BdevException {
    ManualBdev base = new ManualBdev("failing");
    registry.register(base);
    Bdev late = DelayBdev.create(registry, "failing", "late", null, all(25));
    BdevChannel way = late.acquireChannel(reactor);
    TestIo io = TestIo.of(IoType.READ, 0, BLOCK);
    way.submit(io);
    base.started.getFirst().complete(IoStatus.IO_ERROR, 100);

    stepTo(24_999);
    assertThat(io.statuses).isEmpty();
    stepTo(25_000);

    assertThat(io.statuses).containsExactly(IoStatus.IO_ERROR);
    assertThat(io.transferredBytes()).isEqualTo(100);
    late.releaseChannel(way);
    BdevRegistry.discard(late);
  }

  @Test
  void readsEndInTheirOrderAlsoAfterTheLatencyWasLowered() throws BdevException {
    List<String> order = new ArrayList<>();
    TestIo first = io(IoType.READ, 0, BLOCK);
    first.whenCompleted = () -> order.add("first");
    channel.submit(first);
    delay.update(Latency.AVG_READ, 1);
    delay.update(Latency.P99_READ, 1);
    TestIo second = io(IoType.READ, 0, BLOCK);
    second.whenCompleted = () -> order.add("second");
    channel.submit(second);

    stepTo(5_000);
    assertThat(order).isEmpty();
    stepTo(25_000);

    assertThat(order).containsExactly("first", "second");
  }

  @Test
  void withoutLatencyThereIsNoDelay() throws BdevException {
    delay.update(Latency.AVG_READ, 0);
    delay.update(Latency.P99_READ, 0);

    assertThat(submitted(IoType.READ).statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void aboutOneInAHundredTakesTheP99Latency() throws BdevException {
    delay.update(Latency.P99_READ, 1_000);
    int slow = 0;
    for (int i = 0; i < 10_000; i++) {
      TestIo io = submitted(IoType.READ);
      stepTo(now + 25_000);
      if (!io.isDone()) {
        slow++;
        stepTo(now + 1_000_000);
        assertThat(io.isDone()).isTrue();
      }
    }

    assertThat(slow).as("of 10,000").isBetween(40, 200);
  }

  @Test
  void aCancelledRequestThatWaitsForItsTimeIsAborted() {
    TestIo one = submitted(IoType.READ);
    TestIo two = submitted(IoType.READ);
    TestIo three = submitted(IoType.READ);

    channel.cancel(two);

    assertThat(two.statuses).containsExactly(IoStatus.ABORTED);
    stepTo(25_000);
    assertThat(one.statuses).containsExactly(IoStatus.SUCCESS);
    assertThat(three.statuses).containsExactly(IoStatus.SUCCESS);
    assertThat(two.statuses).hasSize(1);
  }

  @Test
  void aRemovedBdevEndsWhatWaitsAndDelaysNothingMore() throws Exception {
    TestIo waiting = submitted(IoType.READ);

    registry.remove("base");
    reactor.runOnce(now);

    assertThat(waiting.statuses).containsExactly(IoStatus.SUCCESS);
    assertThat(submitted(IoType.READ).statuses).containsExactly(IoStatus.SUCCESS);
    opening.closeChannel(channel);
    opening.close();
    assertThat(registry.all()).isEmpty();
    registry.register(newBdev(name()));
    opening = registry.open(name(), true, new Indifferent());
    channel = opening.openChannel(reactor);
  }

  @Test
  void impossibleLatenciesAreRefusedByName() {
    Map<Latency, Long> inverted = all(10);
    inverted.put(Latency.P99_WRITE, 9L);

    assertThatThrownBy(() -> DelayBdev.create(registry, "base", "d", null, inverted))
        .hasMessageContaining("p99_write latency 9 us is below avg_write latency 10 us");
    assertThatThrownBy(() -> delay.update(Latency.AVG_READ, DelayBdev.MAX_LATENCY_MICROS + 1))
        .hasMessageContaining("avg_read latency 86400000001 is not from 0 to 86400000000");
    assertThatThrownBy(() -> delay.update(Latency.AVG_READ, -1))
        .hasMessageContaining("avg_read latency -1");
  }

  @Test
  void everyReactorHasItsOwnClock() throws BdevException {
    try (Reactor other = Reactor.stepped("other")) {
      BdevChannel second = bdev.acquireChannel(other);
      other.runOnce(1_000_000);
      TestIo io = io(IoType.READ, 0, BLOCK);
      second.submit(io);

      other.runOnce(1_024_999);
      assertThat(io.statuses).isEmpty();
      other.runOnce(1_025_000);

      assertThat(io.statuses).containsExactly(IoStatus.SUCCESS);
      bdev.releaseChannel(second);
    }
  }
}
