package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Requests followed from the look that found them until their driver was told; the test's clock.
 */
class RequestTrackerTest {
  private static final long MICRO = 1_000;

  private final Reactor reactor = Reactor.stepped("ring");
  private final DeviceStatistics device = new DeviceStatistics("vm0");
  private final QueueStatistics queue = device.queue(3);
  private final QueueCounters counters = queue.open("ring");
  private final RequestTracker tracker = new RequestTracker(reactor, counters, "vm0", 3);
  private final List<String> slow = new ArrayList<>();
  private long now;

  @BeforeEach
  void begin() {
    counters.tracker(tracker);
    pass(0);
  }

  @AfterEach
  void close() {
    reactor.close();
  }

  private void pass(long nanos) {
    now += nanos;
    reactor.runOnce(now);
  }

  private RequestTrace found(RequestKind kind, long offset, long length) {
    assertThat(tracker.look()).as("it is followed").isTrue();
    return tracker.begin(kind, offset, length);
  }

  private void tellOf(RequestTrace... done) {
    tracker.told(done.length);
    for (RequestTrace trace : done) {
      trace.ended();
    }
    tracker.endOfRound();
  }

  private long takeSlow() {
    return queue.takeSlow((kind, offset, length, ring, bdev, completion, hangs) ->
        slow.add(
            "%s %d+%d %d/%d/%d%s"
                .formatted(
                    kind,
                    offset,
                    length,
                    ring / MICRO,
                    bdev / MICRO,
                    completion / MICRO,
                    hangs ? " hangs" : "")));
  }

  /** One that is in the ring for 1 us, in the bdev for 20 and waits 300 for its answer. */
  private void request() {
    RequestTrace trace = found(RequestKind.READ, 512, 4096);
    tracker.endOfStretch(1); // it waits for its turn
    pass(MICRO);
    trace.submitted();
    tracker.endOfStretch(1);
    pass(20 * MICRO);
    trace.done();
    pass(300 * MICRO);
    tellOf(trace);
  }

  @Test
  void eachStageHasItsTime() {
    device.histograms(true);
    tracker.want(device.observation());

    request();

    StageHistograms filled = queue.histograms();
    assertThat(filled).isNotNull();
    assertThat(filled.of(RequestStage.RING).sumNanos()).isEqualTo(MICRO);
    assertThat(filled.of(RequestStage.BDEV).sumNanos()).isEqualTo(20 * MICRO);
    assertThat(filled.of(RequestStage.COMPLETION).sumNanos()).isEqualTo(300 * MICRO);
    assertThat(filled.of(RequestStage.TOTAL).sumNanos()).isEqualTo(321 * MICRO);
    assertThat(filled.of(RequestStage.TOTAL).count()).isEqualTo(1);
  }

  @Test
  void whatHappensInOneBreathHasOneTime() {
    device.slowMicros(1);
    tracker.want(device.observation());

    RequestTrace first = found(RequestKind.READ, 0, 512);
    pass(10 * MICRO);
    RequestTrace second = tracker.begin(RequestKind.READ, 512, 512); // found with the first
    pass(2 * MICRO);
    first.submitted();
    pass(30 * MICRO);
    first.done();
    pass(MICRO);
    second.submitted(); // when the first was done
    pass(40 * MICRO);
    second.done();
    tracker.endOfStretch(0);
    pass(3 * MICRO);
    tracker.told(2);
    first.ended();
    second.ended();
    pass(5 * MICRO);
    RequestTrace third = tracker.begin(RequestKind.READ, 1024, 512); // in the same turn: when told
    pass(6 * MICRO);
    third.submitted();
    third.done();
    tracker.endOfStretch(0);
    tellOf(third);

    RequestTrace alone = found(RequestKind.WRITE, 512, 512); // in another turn
    pass(4 * MICRO);
    alone.submitted();
    alone.done();
    tracker.endOfStretch(0);
    tellOf(alone);

    takeSlow();
    assertThat(slow)
        .containsExactly(
            "READ 0+512 12/30/44",
            "READ 512+512 42/41/3",
            "READ 1024+512 11/0/0",
            "WRITE 512+512 0/4/0");
  }

  /** One that is done as soon as it is submitted, alone. */
  private void atOnce(long micros) {
    RequestTrace trace = tracker.look() ? tracker.begin(RequestKind.READ, 0, 512) : null;
    pass(micros * MICRO);
    if (trace != null) {
      trace.submitted();
      trace.done();
    }
    tracker.endOfStretch(0);
    tracker.told(1);
    if (trace != null) {
      trace.ended();
    }
    tracker.endOfRound();
  }

  private long sumMicros(RequestStage stage) {
    for (int i = 0; i <= 64; i++) {
      tracker.look(); // nothing is found: what was estimated is recorded
    }
    StageHistograms filled = queue.histograms();
    return filled == null ? -1 : filled.of(stage).sumNanos() / MICRO;
  }

  private long count(RequestStage stage) {
    StageHistograms filled = queue.histograms();
    return filled == null ? -1 : filled.of(stage).count();
  }

  private void wantHistogramsOfQuickRequests() {
    device.histograms(true);
    tracker.want(device.observation());
    atOnce(100); // nothing is known yet
    atOnce(20); // the first of a sample
    assertThat(sumMicros(RequestStage.BDEV)).isEqualTo(120);
  }

  @Test
  void forHistogramsAloneFewOfThoseAreTimedThatAreDoneAtOnce() {
    wantHistogramsOfQuickRequests();

    for (int i = 0; i < 10; i++) {
      atOnce(7); // taken to be as quick
    }
    assertThat(sumMicros(RequestStage.BDEV)).isEqualTo(320);
    assertThat(sumMicros(RequestStage.TOTAL)).isEqualTo(320);
    assertThat(count(RequestStage.RING)).isEqualTo(12);
    assertThat(count(RequestStage.COMPLETION)).isEqualTo(12);

    for (int i = 0; i < 12_800; i++) {
      atOnce(1);
    }
    assertThat(sumMicros(RequestStage.BDEV)).isLessThan(320 + 12_800 + 2_048 * 20);
    assertThat(count(RequestStage.TOTAL)).isEqualTo(12_812);
  }

  @Test
  void whatIsNotDoneAtOnceAfterAllIsTimed() {
    wantHistogramsOfQuickRequests();

    assertThat(tracker.look()).as("taken to be quick, two of them").isFalse();
    assertThat(tracker.endsEstimates()).isTrue();
    RequestTrace late = tracker.begin(RequestKind.READ, 0, 512);
    tracker.endOfStretch(1);
    tracker.told(1); // of the quick one
    pass(300 * MICRO);
    late.done();
    pass(MICRO);
    tellOf(late);
    assertThat(sumMicros(RequestStage.BDEV)).isEqualTo(120 + 20 + 300);
    assertThat(sumMicros(RequestStage.COMPLETION)).isEqualTo(1);

    atOnce(9); // timed, as the last stretch was not done at once
    assertThat(sumMicros(RequestStage.BDEV)).isEqualTo(449);
    assertThat(count(RequestStage.TOTAL)).isEqualTo(5);
  }

  @Test
  void nothingIsEstimatedWhereSlowRequestsAreReported() {
    wantHistogramsOfQuickRequests();
    device.slowMicros(1_000_000);
    tracker.want(device.observation());

    for (int i = 0; i < 10; i++) {
      atOnce(7);
    }

    assertThat(sumMicros(RequestStage.BDEV)).isEqualTo(190);
  }

  @Test
  void whatWasEstimatedIsRecordedWhenTheRingEnds() {
    wantHistogramsOfQuickRequests();

    atOnce(7);
    counters.close();

    StageHistograms filled = queue.histograms();
    assertThat(filled).isNotNull();
    assertThat(filled.of(RequestStage.BDEV).sumNanos()).isEqualTo(140 * MICRO);
  }

  @Test
  void histogramsBeginAnewAfterAReset() {
    device.histograms(true);
    tracker.want(device.observation());
    request();

    device.reset();
    assertThat(queue.histograms()).isNotNull();
    assertThat(queue.histograms().of(RequestStage.TOTAL).count()).isZero();
    tracker.want(device.observation());
    request();
    request();

    assertThat(queue.histograms().of(RequestStage.TOTAL).count()).isEqualTo(2);
    device.histograms(false);
    assertThat(queue.histograms()).isNull();
  }

  @Test
  void whatWasNotAnsweredIsNotMeasured() {
    device.histograms(true);
    tracker.want(device.observation());

    RequestTrace trace = found(RequestKind.WRITE, 0, 512);
    trace.submitted();
    trace.done();
    tracker.endOfRound(); // the ring was abandoned, and nobody was told
    trace.ended();

    assertThat(queue.histograms()).isNotNull();
    assertThat(queue.histograms().of(RequestStage.TOTAL).count()).isZero();
  }

  @Test
  void aRequestThatTookTooLongIsReportedWithWhereItWas() {
    device.slowMicros(320);
    tracker.want(device.observation());
    request();
    device.slowMicros(321);
    tracker.want(device.observation());
    request(); // not longer than that

    assertThat(takeSlow()).isZero();
    assertThat(slow).containsExactly("READ 512+4096 1/20/300");
  }

  @Test
  void oneThatHangsIsReportedOnceAndThoseBehindItWhenTheirTimeComes() {
    device.slowMicros(100);
    tracker.want(device.observation());
    RequestTrace first = found(RequestKind.WRITE, 1024, 512);
    first.submitted();
    pass(60 * MICRO);
    RequestTrace second = found(RequestKind.READ, 0, 8192);
    second.submitted();
    pass(50 * MICRO);

    queue.askForHanging(now - 100 * MICRO);
    pass(0); // the message
    queue.askForHanging(now - 100 * MICRO);
    pass(0);
    takeSlow();
    assertThat(slow).containsExactly("WRITE 1024+512 0/0/110 hangs");

    slow.clear();
    pass(60 * MICRO);
    queue.askForHanging(now - 100 * MICRO);
    pass(0);
    takeSlow();
    assertThat(slow).containsExactly("READ 0+8192 0/0/110 hangs");
    tellOf(first, second);
  }

  @Test
  void moreSlowRequestsThanThereIsRoomForAreCounted() {
    device.slowMicros(100);
    tracker.want(device.observation());
    for (int i = 0; i < 70; i++) {
      request();
    }

    assertThat(takeSlow()).isEqualTo(6);
    assertThat(slow).hasSize(64);
    assertThat(takeSlow()).isZero();
  }
}
