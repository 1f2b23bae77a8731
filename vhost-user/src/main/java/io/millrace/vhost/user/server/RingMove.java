package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import io.millrace.virtqueue.QueueState;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One running ring on its way to another reactor: frozen where it is, thawed where it goes. Its
 * driver sees a pause; all that it offers meanwhile is found by the first look there.
 *
 * <p>The ring is frozen when everything it took is given back, so that no request is ever on two
 * reactors. Storage that does not give something back in time keeps the ring where it is: the move
 * is called off and the ring takes chains again. So it does when the new reactor cannot have it;
 * one that does not answer never gets to the freezing.
 */
final class RingMove {
  /** Longest that a ring takes no chains for a move: no guest takes that for a hang. */
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private enum State {
    /** The new reactor is asked whether it answers. */
    ASKING,
    FREEZING,
    /** On the way, or called off. */
    OVER
  }

  private final RingRunner runner;
  private final VringSetup setup;
  private final Reactor control;
  private final Reactor from;
  private final Reactor to;
  private final Consumer<String> lost;
  private State state = State.ASKING; // the thread's of the reactor that the ring leaves
  private @Nullable VringWorker worker; // the same
  private @Nullable Timer deadline; // the control thread's
  private @Nullable Consumer<Reactor> ended;

  /**
   * A move, not begun.
   *
   * @param setup as the ring's worker has it
   * @param lost gets why the ring runs nowhere any more; on some reactor
   */
  RingMove(
      RingRunner runner,
      VringSetup setup,
      Reactor control,
      Reactor from,
      Reactor to,
      Consumer<String> lost) {
    this.runner = runner;
    this.setup = setup;
    this.control = control;
    this.from = from;
    this.to = to;
    this.lost = lost;
  }

  /**
   * Begins. Control thread.
   *
   * @param whenEnded gets where the ring is now, whether it was moved or not; on the same thread,
   *     later
   */
  void begin(Consumer<Reactor> whenEnded) {
    ended = whenEnded;
    deadline = control.schedule(LONGEST_PAUSE_NANOS, this::callOff);
    to.execute(() -> from.execute(this::freeze));
  }

  /** Has the ring stay where it is, unless it has left already. Control thread. */
  void callOff() {
    from.execute(this::thaw);
  }

  private void freeze() {
    if (state == State.ASKING) {
      state = State.FREEZING;
      VringWorker running = runner.worker();
      worker = running;
      if (running == null || !running.freeze(this::frozen)) {
        stay();
      }
    }
  }

  private void thaw() {
    VringWorker frozen = worker;
    if (state == State.ASKING || (state == State.FREEZING && frozen != null && frozen.thaw())) {
      stay();
    }
  }

  private void stay() {
    state = State.OVER;
    end(from);
  }

  /** The worker has stopped, and let go of all it had on its reactor. */
  private void frozen(QueueState stand) {
    state = State.OVER;
    VringSetup there = setup.at(stand);
    if (!to.execute(() -> goOn(there))) {
      goBack(there, to.name() + " has ended");
    }
  }

  private void goOn(VringSetup there) {
    String failure = runner.startHere(there, to);
    if (failure == null) {
      end(to);
    } else {
      from.execute(() -> goBack(there, failure));
    }
  }

  private void goBack(VringSetup here, String why) {
    String failure = runner.startHere(here, from);
    if (failure != null) {
      lost.accept(why + "; " + failure);
    }
    end(from);
  }

  private void end(Reactor where) {
    control.execute(() -> {
      if (deadline != null) {
        deadline.cancel();
      }
      if (ended != null) {
        ended.accept(where);
      }
    });
  }
}
