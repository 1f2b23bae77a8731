package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.LimitRig.Io;
import io.millrace.bdev.LimitRig.Pass;
import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A bdev with limits, request by request. The clock is the test's. */
class RateLimitTest {
  private static final int KIBIBYTE = 1 << 10;
  private static final int MEBIBYTE = 1 << 20;

  private final LimitRig rig = new LimitRig(1);

  @AfterEach
  void close() {
    rig.close();
  }

  private static RateLimits iops(long perSecond) {
    return LimitRig.only(RateLimit.RW_IOS, perSecond);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 1_499, 5_000, 33_333, 60_007})
  void aLimitIsKeptToTheRequest(long perSecond) {
    rig.limit(iops(perSecond));
    rig.keepBusy(0, rig.source, 2_000, IoType.READ, 4 * KIBIBYTE);
    rig.run(2 * LimitRig.SECOND, LimitRig.MILLI);
    rig.passed(); // the burst, and what makes it even

    rig.run(4 * LimitRig.SECOND, LimitRig.MILLI);

    long turn = Math.max(1, Math.min(64, perSecond / 1_000));
    assertThat((long) rig.passed()).isBetween(4 * perSecond - turn, 4 * perSecond + turn);
  }

  @Test
  void aMegabyteIsAMebibyte() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 3));
    rig.keepBusy(0, rig.source, 8, IoType.WRITE, 64 * KIBIBYTE);
    rig.run(LimitRig.SECOND, LimitRig.MILLI);
    rig.passed();

    rig.run(10 * LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passed()).isEqualTo(10 * 3 * 16);
  }

  @Test
  void whatWasSavedUpGoesAtOnceAndTheRestWhenItsTimeHasCome() {
    rig.limit(iops(1_000).withBurst(50));
    List<Io> all = rig.submit(53, IoType.READ, 512);
    assertThat(rig.passed()).isEqualTo(50);

    rig.step(LimitRig.MILLI - 1);
    assertThat(rig.passed()).isZero();
    rig.step(1);
    assertThat(rig.passed()).isEqualTo(1);
    rig.step(LimitRig.MILLI);
    assertThat(rig.passes).containsExactly(new Pass(rig.now, all.get(51)));
    rig.run(1_000 * LimitRig.SECOND, LimitRig.SECOND);
    assertThat(rig.isIdle()).isTrue();
    rig.passed();
    rig.submit(60, IoType.READ, 512);
    assertThat(rig.passed()).as("after a long rest").isEqualTo(50);
  }

  @ParameterizedTest
  @CsvSource({
    "RW_IOS,      READ,         1",
    "RW_IOS,      UNMAP,        1",
    "RW_IOS,      WRITE_ZEROES, 1",
    "RW_IOS,      COMPARE,      1",
    "RW_IOS,      FLUSH,        0",
    "RW_BYTES,    READ,         4096",
    "RW_BYTES,    WRITE,        4096",
    "RW_BYTES,    ZONE_APPEND,  4096",
    "RW_BYTES,    COMPARE,      4096",
    "RW_BYTES,    WRITE_ZEROES, 4096",
    "RW_BYTES,    UNMAP,        0",
    "RW_BYTES,    FLUSH,        0",
    "READ_BYTES,  READ,         4096",
    "READ_BYTES,  COMPARE,      4096",
    "READ_BYTES,  WRITE,        0",
    "WRITE_BYTES, WRITE,        4096",
    "WRITE_BYTES, WRITE_ZEROES, 4096",
    "WRITE_BYTES, READ,         0",
  })
  void eachKindOfRequestCostsWhatTheDocumentationSays(RateLimit limit, IoType type, long cost) {
    assertThat(limit.cost(TestIo.of(type, 0, 4_096))).isEqualTo(cost);
  }

  @Test
  void zeroesThatMayBeGivenBackCostAnOperationAndOthersAtMostAGibibyte() {
    TestIo io = TestIo.of(IoType.WRITE_ZEROES, 0, 1L << 40);
    assertThat(RateLimit.RW_BYTES.cost(io)).isEqualTo(1L << 30);

    io.allowUnmap();

    assertThat(RateLimit.RW_BYTES.cost(io)).isZero();
    assertThat(RateLimit.RW_IOS.cost(io)).isEqualTo(1);
  }

  @Test
  void aTransferInPartsIsOneOperation() {
    TestIo io = TestIo.of(IoType.READ, 0, 3 * KIBIBYTE);
    io.addSegment(4_096, 3 * KIBIBYTE);
    LongTransfer parts = new LongTransfer();
    parts.begin(io, KIBIBYTE);
    long operations = 0;
    long bytes = 0;
    while (parts.next(io)) {
      operations += RateLimit.RW_IOS.cost(io);
      bytes += RateLimit.RW_BYTES.cost(io);
    }

    assertThat(operations).isEqualTo(1);
    assertThat(bytes).isEqualTo(3 * KIBIBYTE);
  }

  @Test
  void aRequestLargerThanTheBurstGoesAtOnceAndThoseBehindItPay() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 1));
    Io large = rig.submit(IoType.WRITE, 2 * MEBIBYTE);
    Io small = rig.submit(IoType.WRITE, 512);
    assertThat(large.statuses).hasSize(1);

    rig.run(1_900 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(small.statuses).isEmpty();
    rig.run(2 * LimitRig.MILLI, LimitRig.MILLI);

    assertThat(small.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void aFlushWaitsForNothing() {
    rig.limit(iops(1));
    rig.submit(10, IoType.WRITE, 512);

    assertThat(rig.submit(IoType.FLUSH, 0).statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void readsDoNotWaitForTheLimitOfWrites() {
    rig.limit(LimitRig.only(RateLimit.WRITE_BYTES, 1));
    Io held = rig.submit(8, IoType.WRITE, 64 * KIBIBYTE).getLast();

    assertThat(rig.submit(IoType.READ, MEBIBYTE).statuses).hasSize(1);
    assertThat(held.statuses).isEmpty();
  }

  @Test
  void ofSeveralLimitsTheTightestCounts() {
    rig.limit(
        new RateLimits(
            Map.of(RateLimit.RW_IOS, 1_000L, RateLimit.RW_BYTES, 1L, RateLimit.READ_BYTES, 50L),
            RateLimits.DEFAULT_BURST_MILLIS));
    rig.keepBusy(0, rig.source, 16, IoType.READ, 64 * KIBIBYTE);
    rig.run(LimitRig.SECOND, LimitRig.MILLI);
    rig.passed();

    rig.run(10 * LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passed()).isBetween(159, 161);
  }

  @Test
  void limitsChangeAnyNumberOfTimesWhileRequestsWait() {
    rig.limit(iops(10));
    List<Io> held = rig.submit(200, IoType.READ, 512);
    rig.passed();

    rig.limit(iops(20)); // spdk#3768: the second change fails
    rig.limit(iops(40));
    rig.limit(iops(100).with(RateLimit.READ_BYTES, 10));
    rig.run(LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passed()).isBetween(99, 101);
    rig.limit(RateLimits.NONE);
    assertThat(held).allMatch(io -> io.statuses.equals(List.of(IoStatus.SUCCESS)));
  }

  @Test
  void changesWithoutAnOpenChannelAreKeptForTheFirst() throws BdevException {
    rig.bdev.releaseChannel(rig.channels.getFirst());
    rig.limit(iops(10));
    rig.limit(iops(20));
    rig.channels.set(0, rig.bdev.acquireChannel(rig.reactors.getFirst()));

    rig.submit(50, IoType.READ, 512);

    assertThat(rig.passed()).isEqualTo(2);
    assertThat(rig.bdev.rateLimits().of(RateLimit.RW_IOS)).isEqualTo(20);
  }

  @Test
  void aDebtOutlivesAChange() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 1));
    rig.submit(IoType.WRITE, 4 * MEBIBYTE);
    Io next = rig.submit(IoType.WRITE, 512);

    rig.limit(LimitRig.only(RateLimit.RW_BYTES, 2));
    rig.run(1_900 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(next.statuses).isEmpty();
    rig.run(60 * LimitRig.MILLI, LimitRig.MILLI);

    assertThat(next.statuses).hasSize(1);
  }

  @Test
  void readsAndWritesStayInTheOrderTheyCameWhenTheirLimitsAreJoinedAgain() {
    rig.limit(iops(1).with(RateLimit.READ_BYTES, 1));
    rig.submit(2, IoType.READ, 512);
    List<Io> held =
        List.of(
            rig.submit(IoType.READ, 512),
            rig.submit(IoType.WRITE, 512),
            rig.submit(IoType.WRITE, 512),
            rig.submit(IoType.READ, 512));
    rig.passed();

    rig.limit(iops(1));
    rig.run(20 * LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passes.stream().map(Pass::io)).containsExactlyElementsOf(held);
  }

  @Test
  void aRequestThatSomebodyWaitsForIsNotHeldAndIsOwed() {
    rig.limit(iops(10));
    List<Io> all = rig.submit(7, IoType.READ, 512);
    rig.passed();

    rig.channels.getFirst().expedite(all.get(4));

    assertThat(rig.passes.stream().map(Pass::io)).containsExactlyElementsOf(all.subList(2, 5));
    rig.run(100 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(all.get(5).statuses).as("whose turn it was").hasSize(1);
    rig.run(300 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(all.get(6).statuses).as("while three are owed").isEmpty();
    rig.run(100 * LimitRig.MILLI, LimitRig.MILLI);
    assertThat(all.get(6).statuses).hasSize(1);
  }

  @Test
  void aRequestBehindTheEndOfADiskThatShrankMeanwhileIsOutOfRange() {
    rig.limit(iops(1));
    Io held = rig.submit(3, IoType.READ, 4_096).getLast();

    rig.bdev.resize(4);
    rig.limit(RateLimits.NONE);

    assertThat(held.statuses).containsExactly(IoStatus.OUT_OF_RANGE);
  }

  @Test
  void limitsStayWhenTheDiskGetsAnotherSize() {
    rig.limit(iops(10));

    rig.bdev.resize(1L << 20);
    rig.submit(50, IoType.READ, 512);

    assertThat(rig.passed()).isEqualTo(2);
  }

  @Test
  void aHeldWriteWaitsForALockThatWasTakenMeanwhile() {
    rig.limit(iops(1));
    Io held = rig.submit(3, IoType.WRITE, 512).getLast();
    RangeLock[] lock = new RangeLock[1];
    rig.bdev.lockRange(rig.reactors.getFirst(), 0, 512, taken -> lock[0] = taken);
    rig.step(0);
    rig.step(0);
    assertThat(lock[0]).as("what is held does not keep a lock waiting").isNotNull();

    rig.run(2 * LimitRig.SECOND, LimitRig.MILLI);
    assertThat(held.statuses).isEmpty();
    rig.bdev.unlockRange(lock[0]);
    rig.step(0);

    assertThat(held.statuses).containsExactly(IoStatus.SUCCESS);
  }

  @Test
  void bothLayersOfAStackKeepTheirLimitsAndALayerPassesOnThatSomebodyWaits() throws Exception {
    BdevRegistry registry = new BdevRegistry();
    registry.register(rig.bdev);
    Bdev top = PassthruBdev.create(registry, "limited", "top", UUID.randomUUID());
    registry.register(top);
    Reactor reactor = rig.reactors.getFirst();
    BdevChannel way = top.acquireChannel(reactor);
    rig.bdev.onStart = io -> io.complete(IoStatus.SUCCESS, io.lengthBytes());
    rig.limit(iops(100)); // of the one below: bursts of 10
    top.limit(iops(10), rig.now, () -> {}); // bursts of 2
    rig.step(0);
    TestIo[] ios = new TestIo[20];
    for (int i = 0; i < ios.length; i++) {
      ios[i] = TestIo.of(IoType.READ, 0, 512);
      way.submit(ios[i]);
    }
    assertThat(ios).filteredOn(TestIo::isDone).hasSize(2);

    top.limit(RateLimits.NONE, rig.now, () -> {});
    rig.step(0);
    assertThat(ios).filteredOn(TestIo::isDone).hasSize(10);
    way.expedite(ios[14]);

    assertThat(ios).filteredOn(TestIo::isDone).hasSize(15);
    for (TestIo io : ios) {
      way.cancel(io);
    }
    assertThat(ios).allMatch(TestIo::isDone);
    top.releaseChannel(way);
  }

  @Test
  void whatIsNoLimitIsRefusedByName() {
    assertThatThrownBy(() -> iops(1_000_000_001))
        .hasMessage("rw_ios_per_sec 1000000001 is not from 0 to 1000000000");
    assertThatThrownBy(() -> iops(-1)).hasMessageContaining("rw_ios_per_sec -1");
    assertThatThrownBy(() -> iops(1).withBurst(0))
        .hasMessage("a burst of 0 ms is not from 1 to 3600000 ms");
    assertThat(iops(0).isNone()).isTrue();
  }

  @Test
  void theHighestLimitsHaveTheirTimesRight() {
    rig.limit(LimitRig.only(RateLimit.RW_BYTES, RateLimit.RW_BYTES.max()));
    rig.now += 365L * 24 * 3_600 * LimitRig.SECOND;
    rig.step(0);
    rig.keepBusy(0, rig.source, 4, IoType.READ, 1L << 30);
    rig.run(LimitRig.SECOND, LimitRig.MILLI);
    rig.passed();

    rig.run(4 * LimitRig.SECOND, LimitRig.MILLI);

    assertThat(rig.passed()).isBetween(255, 257);
  }
}
