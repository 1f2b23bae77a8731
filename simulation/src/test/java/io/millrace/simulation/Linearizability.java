package io.millrace.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether one sector behaved as a register: whether there is an order of its reads and writes in
 * which each takes effect between its invocation and its response, and each read finds what the
 * last write before it wrote.
 *
 * <p>All orders are followed at once. A state is what the sector has, and which of the requests
 * under way have had their effect. A write that was answered by an error, or never, need not have
 * one; one that a server began and another one did again may have it more than once.
 */
final class Linearizability {
  /** More states than that are not followed: the sector counts as right. */
  private static final int MOST_STATES = 20_000;

  private record State(long value, long done) {}

  private record Event(long time, Request request, boolean response) {}

  private final int sector;
  private final Map<Request, Long> bits = new HashMap<>();
  private final List<Request> underWay = new ArrayList<>();
  private Set<State> states;

  private Linearizability(int sector, long initial) {
    this.sector = sector;
    states = Set.of(new State(initial, 0));
  }

  /**
   * Looks at one sector from power-on to power loss.
   *
   * @param initial value that it had
   * @return false if there were too many orders to look at
   * @throws Violation that says which request cannot be
   */
  static boolean check(List<Request> requests, int sector, long initial) {
    Linearizability run = new Linearizability(sector, initial);
    for (Event event : events(requests, sector)) {
      if (event.response) {
        run.ended(event.request);
      } else {
        run.began(event.request);
      }
      if (run.states.size() > MOST_STATES) {
        return false;
      }
    }
    return true;
  }

  private static List<Event> events(List<Request> requests, int sector) {
    List<Event> events = new ArrayList<>();
    for (Request request : requests) {
      boolean counts = request.what.kind().writes() || request.read.length > 0;
      if (counts && request.covers(sector)) {
        events.add(new Event(request.invoked, request, false));
        if (request.responded != Request.NEVER) {
          events.add(new Event(request.responded, request, true));
        }
      }
    }
    events.sort(Comparator.comparingLong(Event::time));
    return events;
  }

  private void began(Request request) {
    long used = bits.values().stream().reduce(0L, (a, b) -> a | b);
    bits.put(request, Long.lowestOneBit(~used));
    underWay.add(request);
  }

  private void ended(Request request) {
    long bit = bits.get(request);
    Set<State> reached = reachable();
    boolean must = request.succeeded();
    Set<State> left = new HashSet<>();
    for (State state : reached) {
      if (!must || (state.done & bit) != 0) {
        left.add(new State(state.value, state.done & ~bit));
      }
    }
    if (left.isEmpty()) {
      throw new Violation(explanation(request, reached));
    }
    bits.remove(request);
    underWay.remove(request);
    states = left;
  }

  private String explanation(Request request, Set<State> reached) {
    Set<String> possible = new HashSet<>();
    reached.forEach(state -> possible.add(Sector.name(state.value)));
    String what = request.read.length > 0 ? " read " + Sector.name(request.read(sector)) : "";
    return "sector %d is no register: %s%s, where it could only have %s"
        .formatted(sector, request, what, possible);
  }

  /** All states that effects of what is under way lead to. */
  private Set<State> reachable() {
    Set<State> all = new HashSet<>();
    Deque<State> open = new ArrayDeque<>();
    states.forEach(state -> open.add(afterReads(state)));
    while (!open.isEmpty() && all.size() <= MOST_STATES) {
      State state = open.removeLast();
      if (!all.add(state)) {
        continue;
      }
      for (Request request : underWay) {
        boolean may = request.repeated || (state.done & bits.get(request)) == 0;
        if (may && request.what.kind().writes()) {
          long done = state.done | bits.get(request);
          open.add(afterReads(new State(request.written(sector), done)));
        }
      }
    }
    return all;
  }

  /** Reads change nothing, so each is done as soon as it can be. */
  private State afterReads(State state) {
    long done = state.done;
    for (Request request : underWay) {
      if (request.read.length > 0 && request.read(sector) == state.value) {
        done |= bits.get(request);
      }
    }
    return new State(state.value, done);
  }
}
