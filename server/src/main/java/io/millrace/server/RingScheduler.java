package io.millrace.server;

import io.millrace.vhost.user.server.DynamicPlacement;
import io.millrace.vhost.user.server.DynamicPlacement.Limits;
import io.millrace.vhost.user.server.RingBalancer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Whether rings move between the cores, and when: SPDK's schedulers by name. It moves them by
 * default, where there are cores to move them to; SPDK does not. Control thread.
 */
final class RingScheduler {
  /** A look costs microseconds while nothing is busy; an overload should not last. */
  private static final long DEFAULT_PERIOD_MICROS = 100_000;

  /** The schedulers that there are. */
  enum Kind {
    /** Rings stay where they start: queue by queue on the next core. */
    STATIC,
    /** Rings leave cores that have more than they can do, see {@link DynamicPlacement}. */
    DYNAMIC;

    /** SPDK's name. */
    String spelling() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final RingBalancer balancer;
  private Kind kind = Kind.DYNAMIC;
  private long periodMicros = DEFAULT_PERIOD_MICROS;
  private Limits limits = Limits.DEFAULTS;

  /** Not started yet. */
  RingScheduler(RingBalancer balancer) {
    this.balancer = balancer;
  }

  /** Goes by what was set, or by default. */
  void start() {
    if (kind == Kind.DYNAMIC) {
      balancer.start(new DynamicPlacement(limits), TimeUnit.MICROSECONDS.toNanos(periodMicros));
    } else {
      balancer.stop();
    }
  }

  /**
   * Goes by something else from now on.
   *
   * @param micros between two looks, 1000 or more
   * @param when of the dynamic one; kept while another is used
   */
  void set(Kind scheduler, long micros, Limits when) {
    kind = scheduler;
    periodMicros = micros;
    limits = when;
    start();
  }

  Kind kind() {
    return kind;
  }

  long periodMicros() {
    return periodMicros;
  }

  Limits limits() {
    return limits;
  }
}
