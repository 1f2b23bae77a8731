package io.millrace.vhost.user.server;

import io.millrace.virtqueue.DescriptorChain;
import org.jspecify.annotations.Nullable;

/**
 * The device's half of one running queue: turns chains into requests and answers them. Data-path
 * code on the queue's reactor.
 *
 * <p>Guest memory is touched in {@link #take} and {@link #respond} only, never while a request
 * completes: a fault on memory that vanished surfaces late, and there it would hit code that other
 * guests share. For the same reason {@code take} and {@code respond} may be cut short by an {@link
 * InternalError} at any point; then the queue is abandoned, and {@link #cancelAll}, {@link
 * #recycle} and {@link #outstanding} still have to be right.
 */
public interface QueueHandler {
  /** {@link #take}: the chain makes no request. */
  long NO_REQUEST = -1;

  /** What a handler gives chains back to. */
  @FunctionalInterface
  interface Returns {
    /**
     * Gives a chain back.
     *
     * @param head the chain's
     * @param writtenBytes stored into its writable part, from its start
     */
    void give(int head, long writtenBytes);
  }

  /**
   * Makes a request of a chain, without starting it.
   *
   * @param chain valid during the call only
   * @return bytes that will be worked on in this turn; {@link #NO_REQUEST} if the chain makes no
   *     request of any kind, so that it goes back unserved
   */
  long take(DescriptorChain chain);

  /**
   * Has requests followed from the next one on. A handler that has nothing to be followed does
   * nothing.
   *
   * @param tracker is told of each request that is taken from now on; null for none
   */
  default void follow(@Nullable RequestTracker tracker) {
    // Not every queue has requests that wait for storage.
  }

  /** Requests that were taken and are not done; 0 where none is to be followed. */
  default int undone() {
    return 0;
  }

  /** Has those followed that are not, by the tracker that follows the next ones. */
  default void followUndone() {
    // Not every queue has requests that wait for storage.
  }

  /**
   * Whether chains are wanted now: a device that has nothing to say leaves those of an event queue
   * in the ring. When it wants some again, it tells by {@link QueueContext#chainsWanted}.
   */
  default boolean wantsChains() {
    return true;
  }

  /** Starts what was taken and not started. */
  void submitTaken();

  /** Requests that were taken and not recycled. */
  int outstanding();

  /**
   * Goes on with the oldest request that had more work than one turn is for, if there is any. None
   * has where no request is worked on in turns.
   *
   * @return bytes that were worked on, 0 when no request waits for its next turn
   */
  default long goOn() {
    return 0;
  }

  /** Whether a request waits for its next turn. */
  default boolean waitsForTurn() {
    return false;
  }

  /**
   * Marks, of the requests that were taken and not recycled, those that point into memory that is
   * going, and no others. A change of memory; later requests cannot point there.
   */
  void mark(GoingMemory going);

  /** Requests that are marked and not recycled. */
  int markedCount();

  /**
   * Has requests that are held back for a rate limit go on at once: the front-end waits for them,
   * with its guest standing still.
   *
   * @param onlyMarked whether for the marked ones only
   */
  default void expedite(boolean onlyMarked) {
    // Nothing is held back where requests are for no disk.
  }

  /** Ends early what can be ended of the marked requests: their memory has to go. */
  void cancelMarked();

  /** Ends early what can be ended, and does not start what was taken: the guest is gone. */
  void cancelAll();

  /** Stores status and data of all requests that are done into guest memory and gives them back. */
  void respond(Returns returns);

  /** Frees all requests that are done, whether they were responded to or the guest is gone. */
  void recycle();

  /** The queue has stopped, with nothing outstanding. */
  void close();
}
