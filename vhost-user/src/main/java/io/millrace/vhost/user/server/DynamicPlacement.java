package io.millrace.vhost.user.server;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Leaves rings where they are, unless a reactor has had more than it can do for some intervals and
 * another one has room. Then the ring goes there that makes the busier of the two least busy, one
 * at a time; and stays for some seconds.
 *
 * <p>A ring moves only to where it leaves the busier of both less to do than the reactor had that
 * it leaves. So a constant load has only so many moves, and no ring goes to and fro. A ring alone
 * on its reactor stays: elsewhere it would be as slow.
 */
public final class DynamicPlacement implements RingPlacement {
  /** Intervals in a row for which a reactor is overloaded before anything is done about it. */
  static final int PATIENCE = 3;

  /** How long a ring stays where it came to. */
  static final long REST_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** What this much less work on a reactor is worth no pause of a ring. */
  private static final double LEAST_SHARE = 0.01;

  /** A ring nearly alone on its reactor would be as slow elsewhere; loads are measured, too. */
  private static final double CLEARLY_LESS = 0.9;

  /**
   * When to move, in percent of a reactor's time; named as SPDK's dynamic scheduler names them.
   *
   * @param loadLimit the difference between two reactors' loads up to which they count as even
   * @param coreLimit the load up to which a reactor takes another ring, that ring's included
   * @param coreBusy the load from which a reactor is overloaded
   */
  public record Limits(int loadLimit, int coreLimit, int coreBusy) {
    /** SPDK's defaults. */
    public static final Limits DEFAULTS = new Limits(20, 80, 95);

    /** Refuses what is no percentage. */
    public Limits {
      for (int percent : new int[] {loadLimit, coreLimit, coreBusy}) {
        if (percent < 0 || percent > 100) {
          throw new IllegalArgumentException("a load is from 0 to 100 percent, not " + percent);
        }
      }
    }
  }

  private final Limits limits;
  private int[] overloaded = new int[0]; // by reactor: intervals in a row

  /** A policy that has seen nothing yet. */
  public DynamicPlacement(Limits limits) {
    this.limits = limits;
  }

  @Override
  public List<Move> place(List<Double> reactors, List<RingLoad> rings) {
    notice(reactors);
    Choice best = null;
    for (int i = 0; i < rings.size(); i++) {
      RingLoad ring = rings.get(i);
      if (overloaded[ring.reactor()] >= PATIENCE
          && ring.restedNanos() >= REST_NANOS
          && ring.load() >= LEAST_SHARE) {
        best = better(best, choice(i, ring, reactors));
      }
    }
    if (best == null) {
      return List.of();
    }
    overloaded[best.from] = 0; // it is seen anew whether this was enough
    return List.of(new Move(best.ring, best.to));
  }

  private void notice(List<Double> reactors) {
    if (overloaded.length != reactors.size()) {
      overloaded = new int[reactors.size()];
    }
    for (int i = 0; i < overloaded.length; i++) {
      boolean busy = reactors.get(i) * 100 >= limits.coreBusy;
      overloaded[i] = busy ? Math.min(PATIENCE, overloaded[i] + 1) : 0;
    }
  }

  /** A move that would help, and the load of the busier of both reactors after it. */
  private record Choice(int ring, int from, int to, double busier) {}

  private static @Nullable Choice better(@Nullable Choice one, @Nullable Choice other) {
    return one == null || (other != null && other.busier < one.busier) ? other : one;
  }

  /** The idlest reactor that the ring may run on, if it has room. */
  private @Nullable Choice choice(int index, RingLoad ring, List<Double> reactors) {
    int to = ring.reactor();
    for (int reactor : ring.reactors()) {
      if (reactors.get(reactor) < reactors.get(to)) {
        to = reactor;
      }
    }
    double before = reactors.get(ring.reactor());
    double there = reactors.get(to) + ring.load();
    boolean hasRoom = there * 100 <= limits.coreLimit && there < before * CLEARLY_LESS;
    boolean isUneven = (before - reactors.get(to)) * 100 > limits.loadLimit;
    return hasRoom && isUneven
        ? new Choice(index, ring.reactor(), to, Math.max(before - ring.load(), there))
        : null;
  }
}
