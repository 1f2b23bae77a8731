package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;

/**
 * A device that front-ends drive: what it offers, and its half of each session. Control thread, but
 * for what is handed to a reactor.
 */
public interface VhostDevice {
  /** For messages: what the operator calls it. */
  String name();

  /** Virtio feature bits offered, the transport's and the ring's included. */
  long features();

  /** Queues a front-end may use, 1 to 256. */
  int queueCount();

  /**
   * The reactor that a queue is to run on; asked at each start of the queue.
   *
   * @param queueIndex from 0
   */
  Reactor reactorFor(int queueIndex);

  /** How calls of its rings are put off, as it is now. Any thread. */
  default Coalescing coalescing() {
    return Coalescing.OFF;
  }

  /** A front-end connected: the device's half of its session. */
  DeviceSession newSession();

  /**
   * Memory is mapped and may be pointed at by requests from now on.
   *
   * @param address host address, page-aligned
   * @param bytes whole pages
   */
  void memoryAdded(long address, long bytes);

  /** Nothing points at that memory any more; it is unmapped next. */
  void memoryRemoved(long address, long bytes);
}
