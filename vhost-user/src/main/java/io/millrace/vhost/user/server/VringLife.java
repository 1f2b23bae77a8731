package io.millrace.vhost.user.server;

import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.AddressTranslation;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.VringLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a running ring: other descriptors, other memory, a stop in one of its ways. Its
 * requests are {@link VringWorker}'s. On the ring's reactor.
 */
abstract class VringLife extends VringContext implements Poller {
  enum State {
    RUNNING,
    /** Takes no more, goes on with what it has; stops when all is given back. */
    DRAINING,
    /** The guest's memory is not touched again; stops when all is given back. */
    ABANDONED,
    STOPPED
  }

  final WorkerEvents events;
  final QueueHandler handler;
  final RingSignals signals;
  final PollerHandle handle;
  final RingWaiters waiters = new RingWaiters();
  State state = State.RUNNING;

  /** Runs at the end of this round, in which something is answered. */
  @Nullable Consumer<QueueState> suspending;

  VringLife(
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

  /** Requests that were taken and not given back. */
  abstract int outstanding();

  /** Whether something is answered at the end of this round. */
  abstract boolean answersSoon();

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
    if (answersSoon()) {
      suspending = done;
    } else {
      suspendNow(done);
    }
  }

  final void suspendNow(Consumer<QueueState> done) {
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

  final void checkDrained() {
    if (marked(handler.markedCount()) == 0) {
      waiters.mapDrained();
    }
    if (waiters.awaitsStop() && outstanding() == 0 && !hasUnfinished()) {
      close();
      waiters.stopped();
    }
  }

  final boolean hasUnfinished() {
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
