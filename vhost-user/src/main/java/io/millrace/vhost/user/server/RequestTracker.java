package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Sampler;
import org.jspecify.annotations.Nullable;

/**
 * Follows each request of a ring through its stages, as long as anybody wants to know: for
 * histograms, the report of slow requests and flight recordings. Data-path code, the ring's reactor
 * only; grows with the depth that the driver uses, and then allocates nothing.
 *
 * <p>A look at the clock costs a third of a request to memory, so what happens in one breath has
 * one time: the chains of a stretch are found together, a request is submitted when the one before
 * it was done or submitted, and what is told of begins the next stretch. Of short requests that are
 * done as soon as they are submitted one in 32 is measured; the others are taken to be as quick as
 * the last that was.
 */
public final class RequestTracker {
  /** From here on a copy takes so much longer than a look at the clock that each is measured. */
  private static final int LONG_BYTES = 16 << 10;

  private final Reactor reactor;
  private final QueueCounters counters;
  private final String device;
  private final int queue;
  private Observation wanted = Observation.OFF;
  private @Nullable StageHistograms histograms;
  private @Nullable SlowRequests slow;
  private @Nullable RequestTrace youngest; // of those in flight, in the order of their beginning
  private @Nullable RequestTrace unreported; // the oldest that was not reported as hanging
  private @Nullable RequestTrace free;
  private boolean isSeen; // that is, seenNanos is the time of what is found now
  private long seenNanos;
  private boolean isLatest; // that is, nothing took time since latestNanos
  private long latestNanos;
  private final Sampler sampler = new Sampler();
  private final long[] lastNanos = new long[RequestKind.COUNT]; // of those done at once; 0 for none
  private boolean anyDone; // in this round
  private boolean isTold;
  private long toldNanos;

  RequestTracker(Reactor reactor, QueueCounters counters, String device, int queue) {
    this.reactor = reactor;
    this.counters = counters;
    this.device = device;
    this.queue = queue;
  }

  /** Something else is wanted from now on. */
  void want(Observation observation) {
    wanted = observation;
    histograms = counters.histogramsFor(observation);
    slow = observation.slowNanos() > 0 ? counters.slowRequests() : null;
  }

  private long now() {
    return reactor.nanoTime();
  }

  /** The ring has its turn: what is found begins now. */
  void look() {
    isSeen = false;
    isLatest = false;
  }

  /**
   * A request was found in the ring.
   *
   * @param offsetBytes where on the disk its blocks begin
   * @param lengthBytes how long they are together
   * @return tell it what becomes of the request
   */
  public RequestTrace begin(RequestKind kind, long offsetBytes, long lengthBytes) {
    if (isSeen) {
      isLatest = false; // what was found before took time
    } else {
      isSeen = true;
      isLatest = true;
      latestNanos = now();
      seenNanos = latestNanos;
    }
    RequestTrace trace = free;
    if (trace == null) {
      trace = new RequestTrace(this);
    } else {
      free = trace.older;
    }
    trace.begin(kind, offsetBytes, lengthBytes, seenNanos);
    link(trace);
    if (wanted.events()) {
      beginEvent(trace);
    }
    return trace;
  }

  private static void beginEvent(RequestTrace trace) {
    RequestEvent event = trace.event;
    if (event == null) {
      event = new RequestEvent();
      trace.event = event;
    }
    event.begin();
  }

  private void link(RequestTrace trace) {
    RequestTrace before = youngest;
    trace.older = before;
    trace.younger = null;
    youngest = trace;
    if (before != null) {
      before.younger = trace;
    }
    if (unreported == null) {
      unreported(trace);
    }
  }

  private void unlink(RequestTrace trace) {
    RequestTrace before = trace.older;
    RequestTrace after = trace.younger;
    if (before != null) {
      before.younger = after;
    }
    if (after == null) {
      youngest = before;
    } else {
      after.older = before;
    }
    if (unreported == trace) {
      unreported(after);
    }
  }

  private void unreported(@Nullable RequestTrace trace) {
    unreported = trace;
    counters.waitsSince(trace == null ? QueueCounters.NEVER : trace.seenNanos);
  }

  /** When what is submitted is submitted: all of a stretch at once, but for what was done amid. */
  long submitted() {
    if (!isLatest) {
      isLatest = true;
      latestNanos = now();
    }
    return latestNanos;
  }

  /** When a request is done: now. */
  long done(RequestTrace trace) {
    anyDone = true;
    if (!isLatest || trace.submittedNanos != latestNanos) {
      isLatest = true;
      latestNanos = now();
    } else if (trace.lengthBytes >= LONG_BYTES) {
      latestNanos = now();
    } else {
      latestNanos += atOnceNanos(trace.kind.ordinal());
    }
    return latestNanos;
  }

  private long atOnceNanos(int kind) {
    if (sampler.picks() || lastNanos[kind] == 0) {
      lastNanos[kind] = Math.max(1, now() - latestNanos);
    }
    return lastNanos[kind];
  }

  /** All that was found is submitted; what is done from here on was not done at once. */
  void endOfStretch() {
    isLatest = false;
  }

  /** The driver was told of all that is done. */
  void told() {
    if (anyDone) {
      anyDone = false;
      isTold = true;
      toldNanos = now();
      seenNanos = toldNanos; // of what is found in the rest of this turn
    }
  }

  /** The round is over: what is done was told of, or nobody is there to be told. */
  void endOfRound() {
    isTold = false;
    anyDone = false;
    look();
  }

  void ended(RequestTrace trace) {
    unlink(trace);
    if (isTold && trace.isDone) {
      record(trace);
    }
    trace.younger = null;
    trace.older = free;
    free = trace;
  }

  private void record(RequestTrace trace) {
    trace.doneBy(toldNanos);
    StageHistograms into = histograms;
    if (into != null) {
      into.record(trace, toldNanos);
    }
    SlowRequests report = slow;
    if (report != null && toldNanos - trace.seenNanos > wanted.slowNanos()) {
      report.offer(trace, toldNanos, false);
    }
    RequestEvent event = trace.event;
    if (event != null && wanted.events()) {
      event.record(device, queue, trace, toldNanos);
    }
  }

  /** Reports what hangs for longer than is wanted, each request once. By a message. */
  void reportHanging() {
    SlowRequests report = slow;
    long now = now();
    RequestTrace trace = unreported;
    while (report != null && trace != null && now - trace.seenNanos > wanted.slowNanos()) {
      report.offer(trace, now, true);
      trace = trace.younger;
    }
    unreported(trace);
  }

  Reactor reactor() {
    return reactor;
  }
}
