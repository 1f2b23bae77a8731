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
 * one time: the chains of a stretch are found together, one that is found alone is submitted then,
 * any other when the one before it was done or submitted, and what is told of begins the next
 * stretch.
 *
 * <p>Where only histograms are wanted, and requests are done as soon as they are submitted, one
 * turn in 32 is timed; requests of the others are taken to be as quick as the last that was. One
 * that is not done at once after all is timed from the end of its stretch on, and one that is long
 * always.
 */
public final class RequestTracker {
  /** From here on a copy takes so much longer than a look at the clock that each is timed. */
  private static final int LONG_BYTES = 16 << 10;

  private static final int MOST_UNTIMED = 32; // of a stretch

  private final Reactor reactor;
  private final QueueCounters counters;
  private final String device;
  private final int queue;
  private final Sampler sampler = new Sampler();
  private Observation wanted = Observation.OFF;
  private @Nullable StageHistograms histograms;
  private @Nullable SlowRequests slow;
  private @Nullable RequestTrace youngest; // of those in flight, in the order of their beginning
  private @Nullable RequestTrace unreported; // the oldest that was not reported as hanging
  private @Nullable RequestTrace free;
  private long stretch; // the number of this one
  private int begun; // in this stretch
  private int doneAtOnce; // of those
  private boolean isQuick; // all of the last stretch were
  private boolean turnBegan; // something was found in this turn
  private boolean estimates; // in this turn
  private final RequestTrace[] untimed = new RequestTrace[MOST_UNTIMED]; // of this stretch
  private int untimedCount;
  private int untimedDone; // and not told of
  private long ringNanos; // of the last that was timed and done at once
  private long bdevNanos;
  private long completionNanos;
  private boolean isSeen; // that is, seenNanos is the time of what is found now
  private long seenNanos;
  private boolean isLatest; // that is, nothing took time since latestNanos
  private long latestNanos;
  private boolean anyDone; // of those that are timed, and not told of
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
    turnBegan = false;
    isSeen = false;
    isLatest = false;
    untimedCount = 0;
  }

  /**
   * A request was found in the ring.
   *
   * @param offsetBytes where on the disk its blocks begin
   * @param lengthBytes how long they are together
   * @return tell it what becomes of the request
   */
  public RequestTrace begin(RequestKind kind, long offsetBytes, long lengthBytes) {
    RequestTrace trace = free;
    if (trace == null) {
      trace = new RequestTrace(this);
    } else {
      free = trace.older;
    }
    trace.begin(kind, offsetBytes, lengthBytes, stretch);
    begun++;
    if (isEstimated(lengthBytes)) {
      untimed[untimedCount++] = trace;
    } else {
      see();
      time(trace, seenNanos);
    }
    return trace;
  }

  private boolean isEstimated(long lengthBytes) {
    if (!turnBegan) {
      turnBegan = true;
      boolean onlyHistograms = wanted.slowNanos() == 0 && !wanted.events();
      estimates = isQuick && onlyHistograms && !sampler.picks();
    }
    return estimates && lengthBytes < LONG_BYTES && untimedCount < MOST_UNTIMED;
  }

  private void see() {
    if (isSeen) {
      isLatest = false; // what was found before took time
    } else {
      isSeen = true;
      isLatest = true;
      latestNanos = now();
      seenNanos = latestNanos;
    }
  }

  private void time(RequestTrace trace, long fromNanos) {
    trace.time(fromNanos);
    link(trace);
    if (wanted.events()) {
      beginEvent(trace);
    }
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

  /** When a request is done that is timed: now. */
  long done() {
    anyDone = true;
    isLatest = true;
    latestNanos = now();
    return latestNanos;
  }

  /** A request is done that was found in this stretch. */
  void doneAtOnce(RequestTrace trace) {
    doneAtOnce++;
    if (!trace.isTimed) {
      untimedDone++;
    }
  }

  /** Whether a request was found in this stretch. */
  boolean isNew(RequestTrace trace) {
    return trace.stretch == stretch;
  }

  /** All that was found is submitted; what is done from here on was not done at once. */
  void endOfStretch() {
    isLatest = false;
    isQuick = doneAtOnce == begun;
    if (!isQuick && untimedCount > 0) {
      timeWhatIsNotDone();
    }
    untimedCount = 0;
    begun = 0;
    doneAtOnce = 0;
    stretch++;
  }

  private void timeWhatIsNotDone() {
    long now = now();
    for (int i = 0; i < untimedCount; i++) {
      if (!untimed[i].isDone) {
        time(untimed[i], now);
      }
    }
  }

  /** The driver was told of all that is done. */
  void told() {
    isTold = true;
    StageHistograms into = histograms;
    if (untimedDone > 0 && into != null) {
      into.record(ringNanos, bdevNanos, completionNanos, untimedDone);
    }
    untimedDone = 0;
    if (anyDone) {
      anyDone = false;
      toldNanos = now();
      seenNanos = toldNanos; // of what is found in the rest of this turn
    }
  }

  /** The round is over: what is done was told of, or nobody is there to be told. */
  void endOfRound() {
    isTold = false;
    anyDone = false;
    untimedDone = 0;
    look();
  }

  void ended(RequestTrace trace) {
    if (trace.isTimed) {
      unlink(trace);
      if (isTold && trace.isDone) {
        record(trace);
      }
    }
    trace.younger = null;
    trace.older = free;
    free = trace;
  }

  private void record(RequestTrace trace) {
    StageHistograms into = histograms;
    if (into != null) {
      into.record(trace.ringNanos(), trace.bdevNanos(), trace.completionNanos(toldNanos), 1);
    }
    if (trace.isDoneAtOnce) {
      ringNanos = trace.ringNanos();
      bdevNanos = trace.bdevNanos();
      completionNanos = trace.completionNanos(toldNanos);
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
