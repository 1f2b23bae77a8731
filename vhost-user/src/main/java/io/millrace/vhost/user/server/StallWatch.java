package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks twice a second whether one of the reactors waits in a call that a front-end keeps from
 * returning, and has the session ended whose front-end does. One for all servers, so that a
 * thousand of them at rest cost what one does. Control thread only.
 */
public final class StallWatch {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Reactor control;
  private final List<Reactor> reactors;
  private final Set<Session> sessions = new LinkedHashSet<>();
  private boolean looking;

  /**
   * Rests while no server has a session.
   *
   * @param control the reactor that the caller runs on
   * @param reactors all that queues may run on
   */
  public StallWatch(Reactor control, Collection<Reactor> reactors) {
    this.control = control;
    this.reactors = List.copyOf(new LinkedHashSet<>(reactors));
  }

  void add(Session session) {
    sessions.add(session);
    lookLater();
  }

  /** One that has left the reactors. */
  void remove(Session session) {
    sessions.remove(session);
  }

  private void lookLater() {
    if (!looking) {
      looking = true;
      control.schedule(LOOK_NANOS, this::look);
    }
  }

  private void look() {
    looking = false;
    boolean held = false;
    for (Reactor reactor : reactors) {
      held |= reactor.outsideCalls().look();
    }
    if (held) {
      new ArrayList<>(sessions).forEach(Session::releaseReactors);
    }
    if (!sessions.isEmpty()) {
      lookLater();
    }
  }
}
