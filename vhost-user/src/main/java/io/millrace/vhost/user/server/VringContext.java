package io.millrace.vhost.user.server;

import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.SwitchedWrites;
import org.jspecify.annotations.Nullable;

/** What a running ring was set up with, as its handler may know it. The ring's reactor only. */
abstract class VringContext implements QueueContext {
  final VringSetup setup;
  final Reactor reactor;
  final DeviceQueue queue;
  final FairShare share = new FairShare();
  private final QueueCounters counters;
  private final SwitchedWrites bufferWrites = new SwitchedWrites();
  private final SwitchedWrites ringWrites = new SwitchedWrites();

  private GuestMemoryMap map;
  private RingLog log;
  private boolean memoryMayVanish;
  private int inFlight; // noted for other threads: the handler is this thread's only
  private Observation observation = Observation.OFF;
  private @Nullable RequestTracker followedBy; // that one or null: what the handler tells
  private int answered; // and not told of
  private @Nullable RequestTracker tracker; // once made it stays: requests may be under way with it
  private int marked; // the handler's, in the same way

  /** What did not come back in time stays in the in-flight region, which may be another's now. */
  boolean suspended;

  VringContext(VringSetup setup, Reactor reactor, QueueCounters counters)
      throws QueueStartException {
    this.setup = setup;
    this.reactor = reactor;
    this.counters = counters;
    map = setup.map();
    log = setup.log();
    memoryMayVanish = setup.memoryMayVanish();
    switchWrites();
    queue = setup.open(ringWrites);
  }

  /**
   * Another memory map.
   *
   * @param mayVanish whether a front-end could truncate memory of it
   */
  final void use(GuestMemoryMap to, boolean mayVanish) {
    memoryMayVanish |= mayVanish; // requests still point into the map before, too
    map = to;
    switchWrites();
  }

  /** Logs other things from now on. */
  final void log(RingLog to, boolean mayVanish) {
    memoryMayVanish |= mayVanish;
    log = to;
    switchWrites();
  }

  private void switchWrites() {
    bufferWrites.to(log.data(), map);
    ringWrites.to(log.ring(), map);
  }

  final void surfaceFault() {
    if (memoryMayVanish) {
      RawMemory.surfaceFault();
    }
  }

  /** The ring has its turn: follows the requests that are found, if that is wanted now. */
  final void follow(QueueHandler handler) {
    Observation wanted = counters.observation();
    if (wanted != observation) {
      observe(wanted);
    }
    RequestTracker following = tracker;
    if (following != null) {
      follow(handler, following.look() ? following : null);
    }
  }

  private void follow(QueueHandler handler, @Nullable RequestTracker following) {
    if (following != followedBy) {
      followedBy = following;
      handler.follow(following);
    }
  }

  private void observe(Observation wanted) {
    observation = wanted;
    RequestTracker following = tracker;
    if (following == null) {
      following = new RequestTracker(reactor, counters, counters.device(), index());
      tracker = following;
      counters.tracker(following);
    }
    following.want(wanted);
  }

  /** What was found is submitted. */
  final void submitted(QueueHandler handler) {
    RequestTracker following = tracker;
    if (following != null) {
      int undone = handler.undone();
      if (undone > 0 && following.endsEstimates()) {
        follow(handler, following);
        handler.followUndone();
      }
      following.endOfStretch(undone);
    }
  }

  /** A request goes back to the driver. */
  final void answered() {
    answered++;
  }

  /** Requests that went back, and the driver was not told of. */
  final int untold() {
    return answered;
  }

  /** The driver was told of all that is done. */
  final void told() {
    RequestTracker following = tracker;
    if (following != null) {
      following.told(answered);
    }
    answered = 0;
  }

  /** The ring is not looked at for a while. */
  final void rests() {
    RequestTracker following = tracker;
    if (following != null) {
      following.recordEstimated();
    }
  }

  /** What is done was told of, or will not be. */
  final void roundEnded(int requests) {
    RequestTracker following = tracker;
    if (following != null) {
      following.endOfRound();
    }
    inFlight(requests);
  }

  final void inFlight(int requests) {
    inFlight = requests;
    counters.inFlight(requests);
  }

  final int marked(int requests) {
    marked = requests;
    return requests;
  }

  /** Requests taken and not given back; any thread, approximately. */
  final int inFlight() {
    return inFlight;
  }

  /** Of them, those that point into memory that is going; any thread, approximately. */
  final int marked() {
    return marked;
  }

  /** Work that was done, in the units of {@link FairShare}; any thread, approximately. */
  final long work() {
    return share.spent();
  }

  @Override
  public final boolean memoryMayVanish() {
    return memoryMayVanish;
  }

  @Override
  public final void milestone(int head, int value) {
    if (!suspended && !memoryMayVanish) {
      queue.milestone(head, value);
    }
  }

  @Override
  public final Reactor reactor() {
    return reactor;
  }

  @Override
  public final int index() {
    return setup.index();
  }

  @Override
  public final int size() {
    return setup.size();
  }

  @Override
  public final long features() {
    return setup.features();
  }

  @Override
  public final QueueCounters counters() {
    return counters;
  }

  @Override
  public final GuestWrites writes() {
    return bufferWrites;
  }

  /** The ring's, as {@link MovableRing#name} has it. */
  public final String pollerName() {
    return setup.name();
  }

  @Override
  public String toString() {
    return setup.name();
  }
}
