package io.millrace.vhost.user.server;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What one queue of a controller did since it was made, whoever was connected and wherever it ran.
 * Each ring that runs has counters of its own, which the next ring of the queue goes on with; there
 * are as many as front-ends had this queue running at the same time. Control thread, unless said
 * otherwise.
 */
public final class QueueStatistics {
  private final DeviceStatistics device;
  private final int index;
  private final List<QueueCounters> counters = new CopyOnWriteArrayList<>();
  private QueueTotals before = new QueueTotals(); // the last reset

  QueueStatistics(DeviceStatistics device, int index) {
    this.device = device;
    this.index = index;
  }

  /** Counters for a ring that starts, which closes them when it stops. Any thread. */
  QueueCounters open(String reactor) {
    for (QueueCounters each : counters) {
      if (each.take(reactor)) {
        return each;
      }
    }
    QueueCounters made = new QueueCounters(device);
    made.take(reactor);
    counters.add(made);
    return made;
  }

  /** The queue's number in the device, from 0. */
  public int index() {
    return index;
  }

  /** The reactor it runs on, one of them if several front-ends have it running; null for none. */
  public @Nullable String reactor() {
    return counters.stream()
        .map(QueueCounters::reactor)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  /** What it did since the last reset. */
  public QueueTotals totals() {
    QueueTotals now = sum();
    now.subtract(before);
    return now;
  }

  /** How long its requests took; null as long as that is not wanted to be known. */
  public @Nullable StageHistograms histograms() {
    int number = device.observation().histograms();
    if (number == 0) {
      return null;
    }
    StageHistograms sum = new StageHistograms(number);
    for (QueueCounters each : counters) {
      StageHistograms filled = each.histograms(number);
      if (filled != null) {
        sum.add(filled);
      }
    }
    return sum;
  }

  /**
   * Takes the slow requests that were reported.
   *
   * @return how many were left out
   */
  long takeSlow(SlowRequests.Taker taker) {
    return counters.stream().mapToLong(each -> each.takeSlow(taker)).sum();
  }

  /** Has the requests reported that wait since before then; they are there later. */
  void askForHanging(long beforeNanos) {
    counters.forEach(each -> each.askForHanging(beforeNanos));
  }

  /** Counts from 0 again; requests in flight are still counted as in flight. */
  public void reset() {
    before = sum();
    counters.forEach(QueueCounters::forgetMost);
  }

  private QueueTotals sum() {
    QueueTotals sum = new QueueTotals();
    counters.forEach(sum::add);
    return sum;
  }
}
