package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import io.millrace.virtqueue.QueueState;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One ring that is stopped whatever its storage does (GET_VRING_BASE_SKIP_DRAIN in vhost-user.rst):
 * what does not come back in time is cancelled and stays noted in the in-flight region, for whoever
 * goes on with the ring. Control thread.
 *
 * <p>Healthy storage is given the time to finish, as what it does need not be done again. What the
 * kernel does not give back even when it is cancelled may still read and write the guest's memory
 * and the disk: the front-end has its answer then, and the ring's runner stays until it is back.
 */
final class RingSuspension {
  private static final long FINISH_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long CANCEL_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

  /** Gets the outcome, on the control thread. */
  interface Outcome {
    /**
     * The ring has stopped, as far as the front-end is concerned.
     *
     * @param hangs requests that did not come back, 0 when none did not
     */
    void suspended(QueueState stand, int hangs);

    /** All requests are back, after {@link #suspended} said that some are not. */
    void returned();
  }

  private final RingRunner runner;
  private final Reactor control;
  private final Outcome outcome;
  private @Nullable Timer timer;
  private boolean answered;

  private RingSuspension(RingRunner runner, Reactor control, Outcome outcome) {
    this.runner = runner;
    this.control = control;
    this.outcome = outcome;
  }

  /** Begins to stop a ring that runs. */
  static void begin(RingRunner runner, Reactor control, Outcome outcome) {
    RingSuspension suspension = new RingSuspension(runner, control, outcome);
    runner.drain(true, suspension::drained);
    suspension.schedule(FINISH_NANOS, suspension::cutShort);
  }

  private void schedule(long nanos, Runnable action) {
    timer = control.schedule(nanos, action);
  }

  private void cutShort() {
    Consumer<QueueState> stands =
        stand -> schedule(CANCEL_NANOS, () -> answer(stand, Math.max(1, runner.inFlight())));
    runner.suspend(stands);
  }

  private void drained(QueueState stand) {
    Timer pending = timer;
    if (pending != null) {
      pending.cancel();
    }
    if (answered) {
      outcome.returned();
    } else {
      answer(stand, 0);
    }
  }

  private void answer(QueueState stand, int hangs) {
    answered = true;
    outcome.suspended(stand, hangs);
  }
}
