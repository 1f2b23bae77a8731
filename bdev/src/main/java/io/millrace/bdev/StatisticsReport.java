package io.millrace.bdev;

import io.millrace.reactor.Reactor;
import java.util.Map;

/**
 * What a bdev did since its statistics were reset.
 *
 * @param closed by channels that are closed
 * @param channels by each open channel
 */
public record StatisticsReport(ChannelStatistics closed, Map<Reactor, ChannelStatistics> channels) {
  /** All of it. */
  public ChannelStatistics total() {
    ChannelStatistics sum = new ChannelStatistics();
    sum.add(closed);
    channels.values().forEach(sum::add);
    return sum;
  }
}
