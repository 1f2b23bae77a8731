package io.millrace.server;

import io.millrace.reactor.Reactor;
import java.util.Collection;
import java.util.List;

/**
 * Finds out, now and again, whether the process works: the control reactor asks every other one,
 * and when all have answered, says so. One that hangs makes it fall silent. For the control thread.
 */
final class Heartbeat {
  private final long periodNanos;
  private final Reactor control;
  private final Collection<Reactor> polling;
  private final Runnable allAnswered;
  private int unanswered;

  /**
   * One that does not beat yet.
   *
   * @param allAnswered runs on the control thread, once a period at most
   */
  Heartbeat(long periodNanos, Reactor control, Collection<Reactor> polling, Runnable allAnswered) {
    this.periodNanos = periodNanos;
    this.control = control;
    this.polling = List.copyOf(polling);
    this.allAnswered = allAnswered;
  }

  /** Begins; it ends with the control reactor. */
  void start() {
    var _ = control.schedule(periodNanos, this::beat);
  }

  private void beat() {
    start();
    if (unanswered > 0) {
      return;
    }
    unanswered = polling.size();
    for (Reactor reactor : polling) {
      reactor.execute(() -> control.execute(this::answered));
    }
  }

  private void answered() {
    unanswered--;
    if (unanswered == 0) {
      allAnswered.run();
    }
  }
}
