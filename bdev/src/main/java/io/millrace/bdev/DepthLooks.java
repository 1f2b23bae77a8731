package io.millrace.bdev;

import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;

/**
 * One channel's looks at how many requests it has in flight, for {@link QueueDepth}. They are on
 * its own reactor, between two turns, and cost it next to nothing; a thread that woke up for each
 * would take hundreds of microseconds of a core that it shares. Reactor's thread only.
 */
final class DepthLooks {
  private final BdevChannel channel;
  private final Reactor reactor;
  private final QueueDepth depth;
  private final Alarm alarm;
  private long periodNanos;

  /** None yet. */
  DepthLooks(BdevChannel channel, Reactor reactor, QueueDepth depth) {
    this.channel = channel;
    this.reactor = reactor;
    this.depth = depth;
    this.alarm = reactor.alarm(this::look, () -> channel.inFlightCount() > 0);
  }

  /** Looks as often as it is set by now. */
  void follow() {
    periodNanos = depth.periodNanos();
    if (periodNanos == 0) {
      end();
    } else {
      setNext();
    }
  }

  /** No more looks. */
  void end() {
    alarm.clear();
  }

  private void look() {
    int count = channel.inFlightCount();
    // After a sleep it would see the request that ended it, always, and take it for the rule.
    if (count > 0 && !alarm.wasSleptThrough()) {
      depth.seen(count, alarm.atNanos(), periodNanos);
    }
    setNext();
  }

  /** To a multiple of the period, so that all channels look at the same times. */
  private void setNext() {
    alarm.set((Math.floorDiv(reactor.nanoTime(), periodNanos) + 1) * periodNanos);
  }
}
