package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * The two descriptors by which a running ring and its driver wake each other. They stay the
 * session's; the ring's reactor only, but for what says otherwise.
 *
 * <p>A call is a write, and a front-end can have it wait: it makes its eventfd blocking, behind our
 * back, and fills the counter. Nothing prevents that on the way; so the control thread looks now
 * and then whether a call has not returned, and empties the counter.
 */
final class RingSignals {
  /** A front-end that fills the counter as fast as this empties it has to win all the time. */
  private static final int RELEASE_TRIES = 1000;

  private final String name;
  private final Reactor reactor;
  private final QueueCounters counters;
  private final Runnable kicked;
  private @Nullable FdWatch kickWatch;
  private final CallPacer pacer;
  private volatile boolean muted;
  private boolean calling; // written before the reactor's call begins, looked at while it lasts
  private int call;

  /**
   * Listens for kicks.
   *
   * @param kicked runs when the driver kicked; may come without a reason
   */
  RingSignals(VringSetup setup, Reactor reactor, QueueCounters counters, Runnable kicked)
      throws QueueStartException {
    this.name = setup.name();
    this.reactor = reactor;
    this.counters = counters;
    this.kicked = kicked;
    this.call = setup.call();
    this.pacer = new CallPacer(setup.coalescing(), reactor::nanoTime);
    this.kickWatch = watch(setup.kick());
    call(); // a back-end before this one may have died between its answers and their call
  }

  private @Nullable FdWatch watch(int descriptor) throws QueueStartException {
    if (descriptor < 0) {
      return null;
    }
    try {
      return reactor.watchEdges(descriptor, this::kicked);
    } catch (IllegalStateException e) {
      throw new QueueStartException(name + ": its kick is of no use: " + e.getMessage(), e);
    }
  }

  private void kicked() {
    counters.kicked();
    kicked.run();
  }

  /** Whether the driver can kick; without, it wants the ring polled. */
  boolean hasKick() {
    return kickWatch != null;
  }

  /** Another kick descriptor; the old one is no longer used when this returns. -1 for none. */
  void kick(int descriptor) throws QueueStartException {
    closeWatch();
    kickWatch = watch(descriptor);
  }

  /** Another call descriptor; the old one is no longer used when this returns. -1 for none. */
  void call(int descriptor) {
    call = descriptor;
  }

  /** The driver sees answers to so many requests. */
  void answered(int requests) {
    pacer.answered(requests);
  }

  /**
   * Wakes the driver, now or later, if it wants that for one of the requests that were answered.
   */
  void callAfterAnswers(boolean wanted) {
    if (wanted) {
      pacer.hold();
    }
    callIfDue();
  }

  /** Wakes the driver if that was put off until now. */
  void callIfDue() {
    if (pacer.takeDue()) {
      call();
    }
  }

  /** Whether the driver is to be woken later. */
  boolean holdsCall() {
    return pacer.isHolding();
  }

  /** Wakes the driver. */
  void call() {
    if (call >= 0 && !muted) {
      counters.called();
      calling = true;
      reactor.outsideCalls().begin();
      EventFd.signal(call);
      reactor.outsideCalls().end();
      calling = false;
    }
  }

  /**
   * Whether this is the call that keeps the reactor waiting, because its eventfd does. Control
   * thread; whoever waits keeps the descriptor open.
   */
  boolean isHeldUp() {
    return reactor.outsideCalls().isHeld() && calling && EventFd.isFull(call);
  }

  /** Wakes the driver no more. Any thread. */
  void mute() {
    muted = true;
  }

  /** Lets a call that {@link #isHeldUp} return. Control thread. */
  void release() {
    for (int i = 0; i < RELEASE_TRIES && reactor.outsideCalls().isHeld(); i++) {
      EventFd.empty(call);
      Thread.onSpinWait();
    }
  }

  /** Listens no more, and wakes the driver if that was put off. */
  void close() {
    closeWatch();
    if (pacer.isHolding()) {
      call();
    }
  }

  private void closeWatch() {
    FdWatch open = kickWatch;
    if (open != null) {
      open.close();
      kickWatch = null;
    }
  }
}
