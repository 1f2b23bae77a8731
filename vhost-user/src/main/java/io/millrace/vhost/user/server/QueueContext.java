package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.GuestWrites;

/** What a running queue gives its handler. The queue's reactor only. */
public interface QueueContext {
  /** The reactor all of this runs on. */
  Reactor reactor();

  /** The queue's number in the device, from 0. */
  int index();

  /** Descriptors of the ring: the most requests that can be taken and not given back. */
  int size();

  /** The negotiated feature bits. */
  long features();

  /** Where the handler counts what it answered. */
  QueueCounters counters();

  /** Who wants to know of stores into buffers of the guest. */
  GuestWrites writes();

  /**
   * Whether the front-end could truncate the memory it shared, so that touching it may fault (late:
   * see {@link io.millrace.linux.RawMemory#surfaceFault}).
   */
  boolean memoryMayVanish();

  /**
   * Has whoever finishes a request in this back-end's place know how far it is: the next one, or
   * this one after a reconnect. Noted where the front-end keeps an in-flight region, and its memory
   * cannot vanish; then it is there before anything that follows.
   *
   * @param head of a chain that was taken and not given back
   * @param value 0 to 255, the handler's own
   */
  void milestone(int head, int value);

  /** A request is done: {@link QueueHandler#respond} is wanted at the end of this round. */
  void requestDone();

  /** {@link QueueHandler#wantsChains} says yes again: the ring is looked at. */
  void chainsWanted();
}
