package io.millrace.bdev;

import io.millrace.bdev.LatencyHistogram.Shape;
import io.millrace.reactor.Reactor;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a bdev keeps of what its channels measure: that of closed ones, and what open ones are to
 * measure. Guarded by the bdev's channels.
 */
final class BdevMeter {
  private final ChannelStatistics closed = new ChannelStatistics();
  private final ChannelStatistics closedZero = new ChannelStatistics(); // at the last reset
  private final Map<BdevChannel, DepthLooks> looks = new HashMap<>();
  private final QueueDepth queueDepth = new QueueDepth();
  private @Nullable LatencyHistogram closedHistogram; // there is one while it is on

  /** A channel was opened; on its reactor. */
  void opened(BdevChannel channel, Reactor reactor) {
    LatencyHistogram kept = closedHistogram;
    channel.meter().histogram(kept == null ? null : kept.shape());
    looks.put(channel, new DepthLooks(channel, reactor, queueDepth));
    followDepth(channel);
  }

  /** A channel is closed; on its reactor. */
  void closed(BdevChannel channel) {
    Objects.requireNonNull(looks.remove(channel)).end();
    closed.add(channel.meter().counts());
    closedZero.add(channel.meter().zero());
    LatencyHistogram kept = closedHistogram;
    if (kept != null) {
      add(channel, kept);
    }
  }

  /** Everything that was ever counted. */
  ChannelStatistics sum(Collection<BdevChannel> channels) {
    ChannelStatistics sum = new ChannelStatistics();
    sum.add(closed);
    for (BdevChannel channel : channels) {
      sum.add(channel.statistics());
    }
    return sum;
  }

  /** What closed channels counted since the last reset. */
  ChannelStatistics readClosed(StatisticsReset reset) {
    ChannelStatistics result = closed.since(closedZero);
    closedZero.setTo(closed, reset);
    if (reset.extremes()) {
      closed.forgetExtremes();
    }
    return result;
  }

  /** As {@link #readClosed}, of all channels as they are. */
  StatisticsReport peek(Map<Reactor, BdevChannel> channels) {
    Map<Reactor, ChannelStatistics> counts = new HashMap<>();
    channels.forEach(
        (where, channel) -> counts.put(where, channel.meter().read(StatisticsReset.NONE)));
    return new StatisticsReport(readClosed(StatisticsReset.NONE), counts);
  }

  /** Sets what is to be counted; false if that is so already. */
  boolean setHistogram(@Nullable Shape shape) {
    LatencyHistogram kept = closedHistogram;
    if (Objects.equals(shape, kept == null ? null : kept.shape())) {
      return false;
    }
    closedHistogram = shape == null ? null : new LatencyHistogram(shape);
    return true;
  }

  @Nullable Shape shape() {
    LatencyHistogram kept = closedHistogram;
    return kept == null ? null : kept.shape();
  }

  /** What closed channels counted, if they do: a copy to add the open ones' to. */
  Optional<LatencyHistogram> closedHistogram() {
    LatencyHistogram kept = closedHistogram;
    if (kept == null) {
      return Optional.empty();
    }
    LatencyHistogram sum = new LatencyHistogram(kept.shape());
    sum.add(kept);
    return Optional.of(sum);
  }

  /** A channel looks at its depth as often as is set by now; on its reactor. */
  void followDepth(BdevChannel channel) {
    Objects.requireNonNull(looks.get(channel)).follow();
  }

  /** Of any thread, guarded by nothing. */
  QueueDepth queueDepth() {
    return queueDepth;
  }

  /** Adds what a channel counted, if it counts such; on its reactor. */
  static void add(BdevChannel channel, LatencyHistogram sum) {
    LatencyHistogram one = channel.meter().histogram();
    if (one != null && one.shape().equals(sum.shape())) { // else it hears of it in a moment
      sum.add(one);
    }
  }
}
