package io.millrace.vhost.user.server;

import io.millrace.reactor.Deferred;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.AddressTranslation;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.VringLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One running ring on its reactor: fetches chains, hands them to the device's {@link QueueHandler},
 * publishes what comes back, and notifies once for a batch. Data-path code.
 *
 * <p>A request's edges: taken ({@link #poll}), submitted ({@link QueueHandler#submitTaken}), done
 * ({@link #requestDone}), published ({@link #endOfRound}).
 */
final class VringWorker extends VringContext
    implements Poller, Deferred, QueueHandler.Returns, DeviceQueue.ChainTaker {
  /** Most chains of one poll: the next queue's turn comes soon, and completions with it. */
  private static final int BATCH = 32;

  private enum State {
    RUNNING,
    /** Takes no more, goes on with what it has; stops when all is given back. */
    DRAINING,
    /** The guest's memory is not touched again; stops when all is given back. */
    ABANDONED,
    STOPPED
  }

  private final WorkerEvents events;
  private final QueueHandler handler;
  private final DescriptorChain chain = new DescriptorChain();
  private final int[] refused = new int[BATCH]; // heads of bad chains of this round
  private final RingWaiters waiters = new RingWaiters();
  private final RingSignals signals;
  private final PollerHandle handle;
  private int fetched; // in this poll
  private int refusedCount;
  private State state = State.RUNNING;
  private boolean deferred;
  private @Nullable Consumer<QueueState> suspending; // at the end of this round

  /**
   * Starts a ring; runs on the reactor.
   *
   * @param events told of what the session has to know
   * @param counters the caller's, closed by this when the ring has stopped
   */
  VringWorker(
      VringSetup setup,
      Reactor reactor,
      DeviceSession device,
      WorkerEvents events,
      QueueCounters counters)
      throws QueueStartException {
    super(setup, reactor, counters);
    this.events = events;
    handler = device.startQueue(this);
    try {
      signals = new RingSignals(setup, reactor, counters, this::chainsWanted);
    } catch (QueueStartException e) {
      handler.close();
      throw e;
    }
    handle = reactor.add(this); // last: what is polled must be known to whoever stops it
  }

  // ---- the request path -------------------------------------------------------------------------

  @Override
  public int poll() {
    if (state != State.RUNNING && state != State.DRAINING) {
      return 0;
    }
    signals.callIfDue();
    if (!share.hasTurn()) {
      return 1; // there may be work, but it is the others' turn
    }
    long went = handler.goOn();
    share.charge(went);
    int found = (went > 0 ? 1 : 0) + (takesChains() && share.isLeft() ? fetchBatch() : 0);
    counters().polled(found);
    return found;
  }

  /** What a back-end before this one had in flight is finished even by a ring that stops. */
  private boolean takesChains() {
    return (state == State.RUNNING && handler.wantsChains()) || queue.hasUnfinished();
  }

  private int fetchBatch() {
    fetched = 0;
    follow(handler);
    int room = Math.min(BATCH, setup.mostInFlight() - outstanding());
    ChainStatus status = queue.fetchBatch(chain, room, this);
    surfaceFault(); // also after a look that found nothing: that was a load too
    if (fetched > 0) {
      handler.submitTaken();
      inFlight(outstanding());
    }
    if (status == ChainStatus.BROKEN_RING) {
      breakRing();
    }
    return fetched;
  }

  @Override
  public boolean taken(DescriptorChain taken, ChainStatus status) {
    fetched++;
    long work = status == ChainStatus.FETCHED ? handler.take(taken) : QueueHandler.NO_REQUEST;
    if (work == QueueHandler.NO_REQUEST) {
      refuse(status);
    } else {
      share.charge(work);
    }
    share.charge(taken);
    return share.isLeft() && handler.wantsChains();
  }

  private int outstanding() {
    return handler.outstanding() + refusedCount;
  }

  /** A chain that cannot be served goes back with nothing written, and the queue goes on. */
  private void refuse(ChainStatus why) {
    refused[refusedCount++] = chain.head();
    counters().badChain();
    requestDone();
    events.badChain(why);
  }

  private void breakRing() {
    state = State.DRAINING;
    events.broken();
  }

  @Override
  public void requestDone() {
    if (!deferred) {
      deferred = true;
      reactor.defer(this);
    }
  }

  @Override
  public void give(int head, long writtenBytes) {
    queue.complete(head, writtenBytes);
    signals.answered();
  }

  @Override
  public void endOfRound() {
    deferred = false;
    if (state != State.ABANDONED) {
      respond();
    }
    refusedCount = 0;
    handler.recycle();
    roundEnded(outstanding());
    if (suspending != null) {
      suspendNow(suspending);
    }
    if (waiters.any()) {
      checkDrained();
    }
  }

  /** Everything that touches the guest's memory, before anything that must not be cut short. */
  private void respond() {
    for (int i = 0; i < refusedCount; i++) {
      queue.complete(refused[i], 0);
    }
    handler.respond(this);
    // A driver that gets answers sends what waited for them: it is looked for, and no kick asked.
    handle.wake();
    boolean wanted = queue.publish();
    surfaceFault();
    signals.callAfterAnswers(wanted);
    told();
  }

  @Override
  public boolean arm() {
    if (handler.waitsForTurn() || signals.holdsCall() || hasUnfinished()) {
      return false;
    }
    if (!takesChains() || outstanding() >= setup.mostInFlight()) {
      return true; // a kick would be of no use; answers wake it
    }
    if (!signals.hasKick()) {
      return false; // the front-end gave no kick: it wants the ring polled
    }
    boolean quiet = queue.enableNotifications();
    surfaceFault();
    return quiet;
  }

  @Override
  public void disarm() {
    if (state == State.RUNNING) {
      queue.disableNotifications();
      surfaceFault();
    }
  }

  // ---- life -------------------------------------------------------------------------------------
  /** Another kick descriptor; the old one is no longer used when this returns. -1 for none. */
  void kick(int descriptor) {
    try {
      signals.kick(descriptor);
    } catch (QueueStartException e) {
      events.lostRing(String.valueOf(e.getMessage()));
    }
    handle.wake(); // a kick may have gone to the old one
  }

  @Override
  public void chainsWanted() {
    handle.wake();
  }

  /** Another call descriptor; the old one is no longer used when this returns. -1 for none. */
  void call(int descriptor) {
    signals.call(descriptor);
    if (state == State.RUNNING) {
      signals.call(); // a call may have gone to the old one
    }
  }

  /**
   * Goes on with another memory map.
   *
   * @param mayVanish whether a front-end could truncate memory of that map
   * @param drained runs once no request points into what is going
   */
  void relocate(GuestMemoryMap to, boolean mayVanish, GoingMemory going, Runnable drained) {
    use(to, mayVanish);
    if (state != State.ABANDONED) {
      relocateRing(to.translation());
    }
    handler.mark(going);
    if (handler.markedCount() > 0) {
      handler.expedite(true);
    }
    waiters.awaitMap(drained);
    checkDrained();
  }

  private void relocateRing(AddressTranslation translation) {
    VringLayout layout = setup.locate(translation);
    if (layout == null) {
      events.lostRing(setup.noRing());
      abandon();
    } else {
      queue.relocate(layout, translation);
    }
  }

  /** Ends early what can be ended of the requests that point into memory that is going. */
  void cancelMarked() {
    handler.cancelMarked();
  }

  /**
   * Takes no more chains, gives back what was taken, and stops.
   *
   * @param forget has the in-flight region say nothing of it, unless it is {@link #suspend}ed
   * @param done gets where the queue stands; runs on the reactor
   */
  void drain(boolean forget, Consumer<QueueState> done) {
    takeNoMore(forget, done);
    if (state == State.DRAINING) {
      handler.expedite(false);
    }
  }

  private void takeNoMore(boolean forget, Consumer<QueueState> done) {
    if (state == State.RUNNING) {
      state = State.DRAINING;
    }
    stop(() -> {
      if (forget && !suspended) {
        queue.stopped();
        surfaceFault();
      }
      done.accept(queue.state());
    });
  }

  /**
   * As {@link #drain}, but {@link #thaw} takes it back as long as it has not stopped, and requests
   * that are held back for a rate limit stay so.
   *
   * @return false if the ring takes no chains anyway, and stays as it is
   */
  boolean freeze(Consumer<QueueState> done) {
    if (state != State.RUNNING) {
      return false;
    }
    takeNoMore(false, done);
    return true;
  }

  /** Takes chains again after a freeze; false if the ring has stopped. */
  boolean thaw() {
    if (state != State.DRAINING) {
      return false;
    }
    state = State.RUNNING;
    waiters.forgetStop();
    handle.wake(); // it may rest, and then it does without having asked for kicks
    return true;
  }

  /**
   * Ends the wait of a {@link #drain}: answers what is done, has the rest cancelled, and answers
   * none of that. The in-flight region has it, and the drain is over when all of it is back.
   *
   * @param done gets where the queue stands; runs on the reactor, by the end of this round
   */
  void suspend(Consumer<QueueState> done) {
    if (deferred) {
      suspending = done;
    } else {
      suspendNow(done);
    }
  }

  private void suspendNow(Consumer<QueueState> done) {
    suspending = null;
    if (state == State.DRAINING && (outstanding() > 0 || hasUnfinished())) {
      suspended = true;
      signals.close(); // the front-end's descriptors are closed next
      abandon();
      done.accept(queue.state());
    }
  }

  /** Stops without another access to the guest's memory; runs {@code done} when nothing is left. */
  void abandon(Runnable done) {
    abandon();
    stop(done);
  }

  private void abandon() {
    if (state != State.STOPPED && state != State.ABANDONED) {
      state = State.ABANDONED;
      handle.close();
      handler.cancelAll();
      requestDone(); // what was done when a fault cut its answer short
    }
  }

  private void stop(Runnable done) {
    waiters.awaitStop(done);
    checkDrained();
  }

  private void checkDrained() {
    if (marked(handler.markedCount()) == 0) {
      waiters.mapDrained();
    }
    if (waiters.awaitsStop() && outstanding() == 0 && !hasUnfinished()) {
      close();
      waiters.stopped();
    }
  }

  private boolean hasUnfinished() {
    return state != State.ABANDONED && state != State.STOPPED && queue.hasUnfinished();
  }

  private void close() {
    if (state != State.STOPPED) {
      state = State.STOPPED;
      handle.close();
      inFlight(0);
      signals.close();
      handler.close();
      counters().close();
    }
  }

  @Override
  public void failed(Throwable cause) {
    events.failed(cause);
  }

  RingSignals signals() {
    return signals;
  }
}
