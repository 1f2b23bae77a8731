package io.millrace.vhost.user.server;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the queues of one controller did. Control thread. */
public final class DeviceStatistics {
  private final Map<Integer, QueueStatistics> queues = new TreeMap<>();

  /** Of a controller that has done nothing. */
  public DeviceStatistics() {}

  /** A queue's; there from its first start on. */
  QueueStatistics queue(int index) {
    return queues.computeIfAbsent(index, QueueStatistics::new);
  }

  /** Those of queues that have run, by their number. */
  public List<QueueStatistics> queues() {
    return List.copyOf(queues.values());
  }

  /** Counts from 0 again. */
  public void reset() {
    queues.values().forEach(QueueStatistics::reset);
  }
}
