package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestWrites;
import io.millrace.virtqueue.SwitchedWrites;

/** What a running ring was set up with, as its handler may know it. The ring's reactor only. */
abstract class VringContext implements QueueContext {
  final VringSetup setup;
  final Reactor reactor;
  private final SwitchedWrites bufferWrites = new SwitchedWrites();
  private final SwitchedWrites ringWrites = new SwitchedWrites();

  VringContext(VringSetup setup, Reactor reactor) {
    this.setup = setup;
    this.reactor = reactor;
    log(setup.log(), setup.map());
  }

  /** Logs what is stored from now on, or no more. */
  final void log(RingLog log, GuestMemoryMap map) {
    bufferWrites.to(log.data(), map);
    ringWrites.to(log.ring(), map);
  }

  /** Who wants to know of stores into the ring. */
  final GuestWrites ringWrites() {
    return ringWrites;
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
    return bufferWrites;
  }

  @Override
  public String toString() {
    return setup.name();
  }
}
