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
 * turn in 1,024 is timed; requests of the others are not followed, but taken to be as quick as the
 * last that was. One that is not done at once after all is followed from the end of its stretch on.
 */
public final class RequestTracker {
  private static final int GAP_BITS = 11; // turns between two that are timed: 0 to 2047

  /** Turns in which nothing was found, after which what was estimated is recorded. */
  private static final int IDLE_TURNS = 64;

  private final Reactor reactor;
  private final QueueCounters counters;
  private final String device;
  private final int queue;
  private final Sampler sampler = new Sampler(GAP_BITS);
  private Observation wanted = Observation.OFF;
  private @Nullable StageHistograms histograms;
  private @Nullable SlowRequests slow;
  private @Nullable RequestTrace youngest; // of those in flight, in the order of their beginning
  private @Nullable RequestTrace unreported; // the oldest that was not reported as hanging
  private @Nullable RequestTrace free;
  private boolean isQuick; // all that was found last was done at once
  private boolean onlyHistograms; // are wanted
  private boolean follows; // what is found in this turn; else it is estimated, if wanted at all
  private boolean hasFound; // something, since it was decided whether to follow
  private boolean hasEstimate;
  private int estimated; // requests, not recorded yet
  private int turnsLeft; // until they are, if nothing comes
  private long ringNanos; // of the last that was timed and done at once
  private long bdevNanos;
  private long completionNanos;
  private boolean isSeen; // that is, seenNanos is the time of what is found now
  private long seenNanos;
  private boolean isLatest; // that is, nothing took time since latestNanos
  private long latestNanos;
  private int doneCount; // of those that are followed, and not told of
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
    recordEstimated();
    hasEstimate = false;
    wanted = observation;
    follows = !observation.isOff();
    onlyHistograms = observation.slowNanos() == 0 && !observation.events();
    histograms = counters.histogramsFor(observation);
    slow = observation.slowNanos() > 0 ? counters.slowRequests() : null;
  }

  private long now() {
    return reactor.nanoTime();
  }

  /**
   * The ring has its turn: what is found begins now.
   *
   * @return whether it is to be followed; else nobody wants to know, or it is taken to be as quick
   *     as others
   */
  boolean look() {
    if (--turnsLeft == 0) {
      recordEstimated(); // nothing comes that would have it done
    }
    if (follows) {
      isSeen = false;
      isLatest = false;
    }
    return follows;
  }

  /**
   * Follows a request that was found in the ring.
   *
   * @param offsetBytes where on the disk its blocks begin
   * @param lengthBytes how long they are together
   * @return tell it what becomes of the request
   */
  public RequestTrace begin(RequestKind kind, long offsetBytes, long lengthBytes) {
    see();
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

  /** When what is done is done: now. */
  long done() {
    doneCount++;
    isLatest = true;
    latestNanos = now();
    return latestNanos;
  }

  /**
   * Requests are not done at once after all: what was found in this turn, and will be, is followed.
   *
   * @return whether it was not until now
   */
  boolean endsEstimates() {
    if (follows || wanted.isOff()) {
      return false;
    }
    follows = true;
    isSeen = false;
    isLatest = false;
    return true;
  }

  /**
   * All that was found is submitted.
   *
   * @param undone how many requests are not done
   */
  void endOfStretch(int undone) {
    hasFound = true;
    isLatest = false;
    isQuick = undone == 0;
  }

  /**
   * The driver was told of all that is done.
   *
   * @param answered how many requests that is
   */
  void told(int answered) {
    isTold = true;
    if (hasEstimate) {
      estimated += answered - doneCount;
      turnsLeft = IDLE_TURNS;
    }
    if (doneCount > 0) {
      doneCount = 0;
      toldNanos = now();
      seenNanos = toldNanos; // of what is found in the rest of this turn
    }
  }

  /** Nothing that was told of is missing in the histograms after this. */
  void recordEstimated() {
    StageHistograms into = histograms;
    if (into != null && estimated > 0) {
      into.record(ringNanos, bdevNanos, completionNanos, estimated);
    }
    estimated = 0;
  }

  /**
   * The round is over: what is done was told of, or nobody is there to be told. It is decided now
   * whether the next turn is followed: its requests would wait for that.
   */
  void endOfRound() {
    isTold = false;
    doneCount = 0;
    isLatest = false;
    if (hasFound) {
      hasFound = false;
      boolean estimates = isQuick && hasEstimate && onlyHistograms && !sampler.picks();
      follows = !estimates && !wanted.isOff();
    }
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
    StageHistograms into = histograms;
    if (into != null) {
      into.record(trace.ringNanos(), trace.bdevNanos(), trace.completionNanos(toldNanos), 1);
    }
    if (isQuick) {
      recordEstimated();
      hasEstimate = true;
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
