package io.millrace.bdev;

import io.millrace.reactor.StretchClock;
import org.jspecify.annotations.Nullable;

/**
 * What one channel measures of its requests. Written by its reactor's thread; others read the
 * counts as they are.
 */
final class ChannelMeter {
  private final RequestTimer timer;
  private final ChannelStatistics counts = new ChannelStatistics();
  private final ChannelStatistics zero = new ChannelStatistics(); // the counts at the last reset
  private @Nullable LatencyHistogram histogram;

  ChannelMeter(StretchClock clock) {
    timer = new RequestTimer(clock);
  }

  RequestTimer timer() {
    return timer;
  }

  /** A request ended. */
  void ended(BdevIo io, IoStatus status) {
    IoType type = io.type();
    long took = timer.end(io);
    counts.count(type, io.transferredBytes(), status, took);
    LatencyHistogram kept = histogram;
    if (kept != null) {
      kept.count(type, took);
    }
  }

  /** All counts since the channel was opened, whatever was reset. */
  ChannelStatistics counts() {
    return counts;
  }

  /** The counts since the last reset; for their reset this has to be the reactor's thread. */
  ChannelStatistics read(StatisticsReset reset) {
    ChannelStatistics result = counts.since(zero);
    zero.setTo(counts, reset);
    if (reset.extremes()) {
      counts.forgetExtremes();
    }
    return result;
  }

  ChannelStatistics zero() {
    return zero;
  }

  @Nullable LatencyHistogram histogram() {
    return histogram;
  }

  /** Counts into another histogram, empty so far; null for none. */
  void histogram(LatencyHistogram.@Nullable Shape shape) {
    histogram = shape == null ? null : new LatencyHistogram(shape);
  }
}
