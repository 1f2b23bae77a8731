package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.GuestWrites;

/** What a running ring was set up with, as its handler may know it. The ring's reactor only. */
abstract class VringContext implements QueueContext {
  final VringSetup setup;
  final Reactor reactor;

  VringContext(VringSetup setup, Reactor reactor) {
    this.setup = setup;
    this.reactor = reactor;
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
  public final GuestWrites writes() {
    return setup.writes();
  }

  @Override
  public String toString() {
    return setup.name();
  }
}
