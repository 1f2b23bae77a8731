package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * The two descriptors by which a running ring and its driver wake each other. They stay the
 * session's; the ring's reactor only.
 */
final class RingSignals {
  private final String name;
  private final Reactor reactor;
  private final Runnable kicked;
  private @Nullable FdWatch kickWatch;
  private int call;

  /**
   * Listens for kicks.
   *
   * @param kicked runs when the driver kicked; may come without a reason
   */
  RingSignals(VringSetup setup, Reactor reactor, Runnable kicked) throws QueueStartException {
    this.name = setup.name();
    this.reactor = reactor;
    this.kicked = kicked;
    this.call = setup.call();
    this.kickWatch = watch(setup.kick());
  }

  private @Nullable FdWatch watch(int descriptor) throws QueueStartException {
    if (descriptor < 0) {
      return null;
    }
    try {
      return reactor.watchEdges(descriptor, kicked);
    } catch (IllegalStateException e) {
      throw new QueueStartException(name + ": its kick is of no use: " + e.getMessage(), e);
    }
  }

  /** Whether the driver can kick; without, it wants the ring polled. */
  boolean hasKick() {
    return kickWatch != null;
  }

  /** Another kick descriptor; the old one is no longer used when this returns. -1 for none. */
  void kick(int descriptor) throws QueueStartException {
    close();
    kickWatch = watch(descriptor);
  }

  /** Another call descriptor; the old one is no longer used when this returns. -1 for none. */
  void call(int descriptor) {
    call = descriptor;
  }

  /** Wakes the driver. */
  void call() {
    if (call >= 0) {
      EventFd.signal(call);
    }
  }

  /** Listens no more. */
  void close() {
    FdWatch open = kickWatch;
    if (open != null) {
      open.close();
      kickWatch = null;
    }
  }
}
