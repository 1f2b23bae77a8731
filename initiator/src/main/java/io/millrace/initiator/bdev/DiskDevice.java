package io.millrace.initiator.bdev;

import io.millrace.bdev.BdevProperties;
import io.millrace.reactor.Reactor;
import java.util.UUID;

/** The disk behind a socket, of either kind. Control plane; one thread. */
interface DiskDevice {
  /** Is told what becomes of it, on the control thread. */
  interface Follower {
    /** It has so many blocks now, perhaps as many as before. */
    void sized(long blocks);

    /** It is no more. */
    void gone();
  }

  /**
   * What it is.
   *
   * @throws IllegalArgumentException when no bdev can be that, with a message that says why
   */
  BdevProperties properties(String name, UUID uuid);

  /** Queues for its channels. */
  QueuePool queues();

  /** A queue of {@link #queues} for a channel; called by the reactor that will use it. */
  DiskQueue open(int queue);

  /** The socket's descriptor, to see the other process hang up. */
  int socketDescriptor();

  /**
   * Follows it from now on, as far as the other process tells anything; once.
   *
   * @param name for messages
   * @param control runs the calling thread
   */
  void follow(String name, Reactor control, Follower follower);

  /**
   * Ends the connection soon, if nobody else uses it. No channel is left. The control thread does
   * not wait: the other process may take its time to stop its queues, or hang.
   */
  void close();

  /** Closes something on a thread of its own. */
  static void closeSoon(Runnable closing) {
    Thread.ofPlatform().daemon().name("close").start(closing);
  }
}
