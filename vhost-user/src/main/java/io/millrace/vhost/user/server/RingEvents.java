package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.ChainStatus;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a worker says, on its reactor: passed on to the control thread, at a bounded rate. */
final class RingEvents implements WorkerEvents {
  private static final Logger LOG = LoggerFactory.getLogger(RingEvents.class);
  private static final long LOG_EVERY_NANOS = 10_000_000_000L;

  private final String name;
  private final Vring ring;
  private final Reactor control;
  private final Consumer<String> fail;
  private long badChains;
  private long lastLogNanos;

  /**
   * Events of a ring.
   *
   * @param fail ends the session, with a reason
   */
  RingEvents(String name, Vring ring, Reactor control, Consumer<String> fail) {
    this.name = name;
    this.ring = ring;
    this.control = control;
    this.fail = fail;
  }

  @Override
  public void badChain(ChainStatus why) {
    long now = System.nanoTime();
    badChains++;
    if (badChains == 1 || now - lastLogNanos > LOG_EVERY_NANOS) {
      lastLogNanos = now;
      long count = badChains;
      control.execute(() ->
          LOG.warn(
              "{}: the guest offered a bad descriptor chain ({}); given back unserved, {} so"
                  + " far",
              name,
              why,
              count));
    }
  }

  @Override
  public void broken() {
    control.execute(() -> {
      LOG.warn(
          "{}: the guest's ring makes no sense; the queue stands still until it is reset", name);
      signalError();
    });
  }

  @Override
  public void lostRing(String why) {
    control.execute(() -> fail.accept(why));
  }

  @Override
  public void failed(Throwable cause) {
    control.execute(() -> fail.accept(name + " failed: " + cause));
  }

  private void signalError() {
    if (ring.error != null) {
      EventFd.signal(ring.error.number());
    }
  }
}
