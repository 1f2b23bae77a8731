package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is counted of a queue, whoever has it running. */
class QueueStatisticsTest {
  private final DeviceStatistics device = new DeviceStatistics("vm0");
  private final QueueStatistics queue = device.queue(0);

  @Test
  void aRingGoesOnWithTheCountsOfTheOneBefore() {
    QueueCounters first = queue.open("reactor-0");
    first.answered(RequestKind.READ, 4096, false);
    first.inFlight(7);
    first.close();
    QueueCounters next = queue.open("reactor-1");
    next.answered(RequestKind.READ, 512, false);
    next.inFlight(2);

    assertThat(next).isSameAs(first);
    assertThat(queue.reactor()).isEqualTo("reactor-1");
    assertThat(queue.totals().operations(RequestKind.READ)).isEqualTo(2);
    assertThat(queue.totals().bytes(RequestKind.READ)).isEqualTo(4608);
    assertThat(queue.totals().inFlight()).isEqualTo(2);
    assertThat(queue.totals().mostInFlight()).isEqualTo(7);
  }

  @Test
  void ringsOfTwoFrontEndsAreCountedTogether() {
    QueueCounters one = queue.open("reactor-0");
    QueueCounters other = queue.open("reactor-0");
    one.polled(0);
    one.polled(3);
    one.kicked();
    other.polled(1);
    other.called();
    other.badChain();

    assertThat(queue.totals().polls()).isEqualTo(3);
    assertThat(queue.totals().emptyPolls()).isEqualTo(1);
    assertThat(queue.totals().kicks()).isEqualTo(1);
    assertThat(queue.totals().calls()).isEqualTo(1);
    assertThat(queue.totals().badChains()).isEqualTo(1);
  }

  @Test
  void aRequestThatFailedMovedNothing() {
    QueueCounters ring = queue.open("reactor-0");
    ring.answered(RequestKind.WRITE, 4096, true);

    assertThat(queue.totals().operations(RequestKind.WRITE)).isEqualTo(1);
    assertThat(queue.totals().errors(RequestKind.WRITE)).isEqualTo(1);
    assertThat(queue.totals().bytes(RequestKind.WRITE)).isZero();
    assertThat(queue.totals().operations(RequestKind.READ)).isZero();
  }

  @Test
  void aResetKeepsWhatIsInFlight() {
    QueueCounters ring = queue.open("reactor-0");
    ring.answered(RequestKind.FLUSH, 0, false);
    ring.inFlight(9);
    ring.inFlight(4);

    device.reset();

    assertThat(queue.totals().operations(RequestKind.FLUSH)).isZero();
    assertThat(queue.totals().inFlight()).isEqualTo(4);
    assertThat(queue.totals().mostInFlight()).isEqualTo(4);
    ring.answered(RequestKind.FLUSH, 0, false);
    assertThat(queue.totals().operations(RequestKind.FLUSH)).isEqualTo(1);
  }

  @Test
  void queuesAddUp() {
    queue.open("reactor-0").inFlight(3);
    QueueStatistics other = device.queue(1);
    other.open("reactor-1").inFlight(4);

    QueueTotals sum = new QueueTotals();
    device.queues().forEach(each -> sum.add(each.totals()));

    assertThat(device.queues()).extracting(QueueStatistics::index).containsExactly(0, 1);
    assertThat(sum.inFlight()).isEqualTo(7);
    assertThat(sum.mostInFlight()).isEqualTo(7);
    assertThat(queue.histograms()).as("not wanted").isNull();
  }
}
