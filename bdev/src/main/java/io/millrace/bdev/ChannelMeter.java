package io.millrace.bdev;

import io.millrace.reactor.StretchClock;
import org.jspecify.annotations.Nullable;

/**
 * What one channel measures of its requests. Written by its reactor's thread; others read the
 * counts as they are.
 *
 * <p>For the histogram, requests that are not measured are only counted, as they are anyway, and
 * get into their bucket together: before the next one is that is measured, or when somebody asks.
 */
final class ChannelMeter {
  private static final IoType[] TYPES = IoType.values();

  private final RequestTimer timer;
  private final ChannelStatistics counts = new ChannelStatistics();
  private final ChannelStatistics zero = new ChannelStatistics(); // the counts at the last reset
  private @Nullable LatencyHistogram histogram;
  private final long[] inHistogram = new long[TYPES.length]; // of the operations

  ChannelMeter(StretchClock clock) {
    timer = new RequestTimer(clock);
  }

  RequestTimer timer() {
    return timer;
  }

  /** A request ended. */
  void ended(BdevIo io, IoStatus status) {
    if (status == IoStatus.SUCCESS && !timer.measures(io)) {
      IoType type = io.type();
      counts.countLike(type, io.transferredBytes(), timer.lastNanos(type));
    } else {
      measured(io, status);
    }
  }

  private void measured(BdevIo io, IoStatus status) {
    IoType type = io.type();
    LatencyHistogram kept = histogram;
    if (kept != null) {
      settle(kept, type); // those before it took as long as the one before it
    }
    long took = timer.end(io);
    counts.count(type, io.transferredBytes(), status, took);
    if (kept != null) {
      kept.count(type, took, 1);
      inHistogram[type.ordinal()] = counts.operations(type);
    }
  }

  private void settle(LatencyHistogram kept, IoType type) {
    int i = type.ordinal();
    long done = counts.operations(type);
    if (done > inHistogram[i]) {
      kept.count(type, timer.lastNanos(type), done - inHistogram[i]);
      inHistogram[i] = done;
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
      timer.measureNext(); // it tells them
    }
    return result;
  }

  ChannelStatistics zero() {
    return zero;
  }

  /** What ended so far is in the histogram; on the reactor, or once that has ended. */
  @Nullable LatencyHistogram histogram() {
    LatencyHistogram kept = histogram;
    if (kept != null) {
      for (IoType type : TYPES) {
        settle(kept, type);
      }
    }
    return kept;
  }

  /** Counts into another histogram, empty so far; null for none. */
  void histogram(LatencyHistogram.@Nullable Shape shape) {
    histogram = shape == null ? null : new LatencyHistogram(shape);
    for (IoType type : TYPES) {
      inHistogram[type.ordinal()] = counts.operations(type);
    }
  }
}
