package io.millrace.initiator;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.DriverRing;

/**
 * The requests of one queue, of whatever kind. Data-path code: one thread, no allocation after
 * construction, nothing thrown.
 */
public abstract sealed class RequestQueue permits BlkQueue, ScsiRequestQueue {
  /** Most completions taken at once. */
  static final int REAP_BATCH = 32;

  final RequestSlots slots;
  private final DriverRing ring;
  private final FrontendQueue events;

  /**
   * Makes the requests of a started queue.
   *
   * @param memory holds ring, control blocks and data
   * @param started with {@code depth} times the shape's control memory
   * @param shape of a request
   * @param depth most requests at once
   */
  RequestQueue(GuestMemory memory, DriverQueue started, RequestSlots.Shape shape, int depth) {
    ring = started.ring();
    events = started.events();
    slots = new RequestSlots(memory, ring, started.control(), shape, depth);
  }

  /** Most requests at once. */
  public final int depth() {
    return slots.depth();
  }

  /** Requests with the device. */
  public final int inFlightCount() {
    return slots.inFlightCount();
  }

  /** The queue's ring. */
  public final DriverRing ring() {
    return ring;
  }

  /** The queue's event descriptors. */
  public final FrontendQueue events() {
    return events;
  }

  /** Shows the device what was submitted, and wakes it if it wants that. */
  public final void kick() {
    if (ring.publish()) {
      EventFd.signal(events.kick().number());
    }
  }

  /**
   * Sleeps until the device calls, if it has nothing for us yet.
   *
   * @param timeoutMillis most to sleep
   * @return true when a poll may find something
   * @throws LinuxException when the call descriptor cannot be waited for
   */
  public final boolean sleep(int timeoutMillis) throws LinuxException {
    if (!ring.enableCalls()) {
      return true;
    }
    int call = events.call().number();
    boolean called = DescriptorPassing.await(call, false, timeoutMillis);
    EventFd.drain(call);
    ring.disableCalls();
    return called || ring.hasUsed();
  }

  /** Whether the device returned what it never got: nothing completes any more. */
  public final boolean isBroken() {
    return ring.isBroken();
  }
}
