package io.millrace.vhost.user.server;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What the queues of one controller did, and what is wanted to be known of each of its requests.
 * Control thread, unless said otherwise.
 */
public final class DeviceStatistics {
  private final String device;
  private final Map<Integer, QueueStatistics> queues = new TreeMap<>();
  private volatile Observation observation = Observation.OFF;
  private int lastHistograms;

  /**
   * Of a controller that has done nothing.
   *
   * @param device its name
   */
  public DeviceStatistics(String device) {
    this.device = device;
  }

  /** The controller's name. Any thread. */
  String device() {
    return device;
  }

  /** What is wanted of each request, now. Any thread. */
  Observation observation() {
    return observation;
  }

  /** A queue's; there from its first start on. */
  QueueStatistics queue(int index) {
    return queues.computeIfAbsent(index, each -> new QueueStatistics(this, each));
  }

  /** Those of queues that have run, by their number. */
  public List<QueueStatistics> queues() {
    return List.copyOf(queues.values());
  }

  /** Counts from 0 again. */
  public void reset() {
    queues.values().forEach(QueueStatistics::reset);
    if (hasHistograms()) {
      observation = observation.withHistograms(++lastHistograms);
    }
  }

  /** Whether it is counted how long requests are where. */
  public boolean hasHistograms() {
    return observation.histograms() != 0;
  }

  /** Begins to count how long requests are where, or ends it and forgets what was counted. */
  public void histograms(boolean wanted) {
    if (wanted != hasHistograms()) {
      observation = observation.withHistograms(wanted ? ++lastHistograms : 0);
    }
  }

  /** What a request has to take to be reported, in microseconds; 0 when none is. */
  public long slowMicros() {
    return TimeUnit.NANOSECONDS.toMicros(observation.slowNanos());
  }

  void slowMicros(long micros) {
    observation = observation.withSlowNanos(TimeUnit.MICROSECONDS.toNanos(micros));
  }

  void events(boolean wanted) {
    if (wanted != observation.events()) {
      observation = observation.withEvents(wanted);
    }
  }
}
