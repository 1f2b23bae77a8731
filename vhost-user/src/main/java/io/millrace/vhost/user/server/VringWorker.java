package io.millrace.vhost.user.server;

import io.millrace.reactor.Deferral;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DeviceQueue;

/**
 * One running ring on its reactor: fetches chains, hands them to the device's {@link QueueHandler},
 * publishes what comes back, and notifies once for a batch. Data-path code.
 *
 * <p>A request's edges: taken ({@link #poll}), submitted ({@link QueueHandler#submitTaken}), done
 * ({@link #requestDone}), published ({@link #showDone}, {@link #endOfRound}).
 */
final class VringWorker extends VringLife
    implements Deferred, QueueHandler.Returns, DeviceQueue.ChainTaker {
  /** Most chains of one poll: the next queue's turn comes soon, and completions with it. */
  private static final int BATCH = 32;

  /**
   * Chains after which what is done already is shown to the driver, amid a batch: it takes those
   * answers and fills the ring on its core while this one goes on with the batch, and neither waits
   * for the other.
   */
  private static final int STRETCH = 8;

  /** The first of a batch is shorter, or a driver with eight requests waits until all are done. */
  private static final int FIRST_STRETCH = 4;

  /**
   * Looks in one turn at a ring whose driver has one request at a time: it is the driver's turn,
   * and if its thread shares the core then it has more of it while this one pauses.
   */
  private static final int LINGER = 8;

  private final DescriptorChain chain = new DescriptorChain();
  private final Deferral answers;
  private final int[] refused = new int[BATCH]; // heads of bad chains of this round
  private int fetched; // in this poll
  private int refusedCount;
  private boolean lone; // the last batch was of one chain, with nothing else under way

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
    super(setup, reactor, device, events, counters);
    answers = reactor.deferral(this);
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
    follow(handler);
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
    boolean alone = lone && handle.isAlone();
    if (alone && outstanding() == 0) {
      linger();
    }
    int before = 0;
    while (fetchStretch(before)) {
      before += fetched;
    }
    if (alone || queue.knownCount() >= STRETCH) {
      reactor.skipGap();
    }
    return before + fetched;
  }

  private void linger() {
    int looks = 0;
    while (looks < LINGER && !queue.hasMore()) {
      Thread.onSpinWait();
      looks++;
    }
    handle.lingered(looks);
  }

  /** Says whether the batch goes on: this stretch of it was full, and there is room for another. */
  private boolean fetchStretch(int before) {
    fetched = 0;
    int stretch = before == 0 ? FIRST_STRETCH : Math.min(STRETCH, BATCH - before);
    int room = Math.min(stretch, setup.mostInFlight() - outstanding());
    ChainStatus status = queue.fetchBatch(chain, room, this);
    surfaceFault(); // also after a look that found nothing: that was a load too
    if (fetched > 0) {
      handler.submitTaken();
      submitted(handler);
      int out = outstanding();
      inFlight(out);
      lone = before == 0 && out == 1;
    }
    if (status == ChainStatus.BROKEN_RING) {
      breakRing();
    }
    boolean goesOn =
        fetched == stretch && before + stretch < BATCH && takesChains() && share.isLeft();
    if (answers.isAsked() && (goesOn || lone)) {
      showDone();
    }
    return goesOn;
  }

  /**
   * The driver sees what is done; whether it is to be woken is seen to at the end of the round. A
   * fault is looked for when nothing of it is left to do: other rings may come before that end.
   */
  private void showDone() {
    handler.respond(this);
    queue.show();
    signals.answered(untold());
    told();
    handler.recycle();
    surfaceFault();
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

  @Override
  int outstanding() {
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
    answers.ask();
  }

  @Override
  boolean answersSoon() {
    return answers.isAsked();
  }

  @Override
  public void give(int head, long writtenBytes) {
    queue.complete(head, writtenBytes);
    answered();
  }

  @Override
  public void endOfRound() {
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
    signals.answered(untold());
    signals.callAfterAnswers(wanted);
    told();
  }

  @Override
  public boolean arm() {
    rests();
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
}
