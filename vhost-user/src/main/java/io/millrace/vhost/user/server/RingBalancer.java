package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import io.millrace.vhost.user.server.RingPlacement.Move;
import io.millrace.vhost.user.server.RingPlacement.RingLoad;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures at intervals what reactors and rings do, asks a {@link RingPlacement} what should run
 * elsewhere, and has it moved. Control thread only. Where there is but one reactor it does nothing;
 * while none has much to do, it looks at no ring.
 */
public final class RingBalancer {
  private static final Logger LOG = LoggerFactory.getLogger(RingBalancer.class);

  /** No placement moves anything while no reactor works more of its time. */
  private static final double WORTH_A_LOOK = 0.1;

  private static final long NEVER = -1;

  private final Reactor control;
  private final List<Reactor> reactors;
  private final Supplier<List<MovableRing>> rings;
  private final long[] busyNanos; // of each reactor, at the last look
  private Map<MovableRing, Seen> seen = new HashMap<>();
  private @Nullable RingPlacement placement;
  private @Nullable Timer next;
  private long periodNanos;
  private long lastLookNanos;

  /** A ring at the last look. */
  private record Seen(@Nullable Reactor reactor, long work, long movedNanos) {
    static final Seen NOTHING = new Seen(null, 0, NEVER);

    /** 0 for a ring that came, or came back: it counts anew. */
    long workSince(Seen last) {
      return Objects.equals(reactor, last.reactor) ? Math.max(0, work - last.work) : 0;
    }
  }

  /**
   * Rests until {@link #start}.
   *
   * @param control the reactor that the caller runs on
   * @param reactors all that rings run on
   * @param rings gives those that run now
   */
  public RingBalancer(Reactor control, List<Reactor> reactors, Supplier<List<MovableRing>> rings) {
    this.control = control;
    this.reactors = List.copyOf(reactors);
    this.rings = rings;
    this.busyNanos = new long[reactors.size()];
  }

  /**
   * Asks a placement from now on, instead of any other.
   *
   * @param periodNanos between two looks, 1 ms or more
   */
  public void start(RingPlacement from, long periodNanos) {
    stop();
    placement = from;
    this.periodNanos = periodNanos;
    if (reactors.size() > 1) {
      loads(control.nanoTime());
      lookLater();
    }
  }

  /** Leaves every ring where it is. */
  public void stop() {
    placement = null;
    if (next != null) {
      next.cancel();
      next = null;
    }
  }

  private void lookLater() {
    next = control.schedule(periodNanos, this::look);
  }

  private void look() {
    RingPlacement asked = placement;
    if (asked == null) {
      return;
    }
    lookLater();
    long now = control.nanoTime();
    List<Double> loads = loads(now);
    if (loads.stream().noneMatch(load -> load >= WORTH_A_LOOK)) {
      return;
    }
    List<MovableRing> all = rings.get();
    List<RingLoad> work = ringLoads(all, loads, now);
    for (Move move : asked.place(loads, work)) {
      MovableRing ring = all.get(move.ring());
      seen.put(ring, new Seen(ring.reactor(), ring.work(), now));
      move(ring, reactors.get(move.reactor()), loads.get(work.get(move.ring()).reactor()));
    }
  }

  /** The share of the time since the last look that each reactor worked. */
  private List<Double> loads(long now) {
    double elapsed = Math.max(1, now - lastLookNanos);
    lastLookNanos = now;
    List<Double> loads = new ArrayList<>();
    for (int i = 0; i < busyNanos.length; i++) {
      long busy = reactors.get(i).statistics().busyNanos();
      loads.add(Math.clamp((busy - busyNanos[i]) / elapsed, 0.0, 1.0));
      busyNanos[i] = busy;
    }
    return loads;
  }

  /** Each ring's part of its reactor's load: by the work that it did there, of all that was. */
  private List<RingLoad> ringLoads(List<MovableRing> all, List<Double> loads, long now) {
    Map<MovableRing, Seen> before = seen;
    seen = new HashMap<>(); // and those that run no more are forgotten
    long[] work = new long[all.size()];
    long[] onReactor = new long[loads.size()];
    for (int i = 0; i < work.length; i++) {
      MovableRing ring = all.get(i);
      Seen last = before.getOrDefault(ring, Seen.NOTHING);
      Seen current = new Seen(ring.reactor(), ring.work(), last.movedNanos);
      seen.put(ring, current);
      work[i] = current.workSince(last);
      onReactor[reactors.indexOf(ring.reactor())] += work[i];
    }
    List<RingLoad> rates = new ArrayList<>();
    for (int i = 0; i < work.length; i++) {
      MovableRing ring = all.get(i);
      int where = reactors.indexOf(ring.reactor());
      double load = work[i] == 0 ? 0 : loads.get(where) * work[i] / onReactor[where];
      long moved = before.getOrDefault(ring, Seen.NOTHING).movedNanos;
      long rested = moved == NEVER ? Long.MAX_VALUE : now - moved;
      rates.add(
          new RingLoad(
              where, ring.reactors().stream().map(reactors::indexOf).toList(), load, rested));
    }
    return rates;
  }

  private static void move(MovableRing ring, Reactor to, double load) {
    Reactor from = ring.reactor();
    ring.moveTo(
        to,
        moved -> {
          if (moved) {
            LOG.info(
                "{}: moved to {}, as {} is busy for {} % of its time",
                ring.name(), to.name(), from.name(), Math.round(load * 100));
          } else {
            LOG.debug("{}: stays on {}", ring.name(), from.name());
          }
        });
  }
}
