package io.millrace.initiator.perf;

import io.millrace.initiator.RequestQueue;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/** A job's virtqueue, behind a socket, of whatever kind of device. Data path. */
abstract class SocketQueue implements LoadQueue {
  private static final int ECONNRESET = 104;

  /**
   * Requests that are shown to the device at once. Drivers show each by itself; one batch of all
   * would make driver and device wait for each other in turn (a sixth slower at depth 32).
   */
  private static final int PUBLISH_EVERY = 4;

  private final RequestQueue queue;
  private final int connection; // descriptor of the socket, to see the back-end hang up
  private int unpublished;

  SocketQueue(RequestQueue queue, int connection) {
    this.queue = queue;
    this.connection = connection;
  }

  /** As {@link #submit}, without showing it to the device. */
  abstract boolean offer(Direction direction, long offsetBytes, long address, int bytes, int token);

  @Override
  public final void open() {
    // The driver started the queue.
  }

  @Override
  public final boolean submit(
      Direction direction, long offsetBytes, long address, int bytes, int token) {
    if (!offer(direction, offsetBytes, address, bytes, token)) {
      return false;
    }
    if (++unpublished >= PUBLISH_EVERY) {
      kick();
    }
    return true;
  }

  @Override
  public final void kick() {
    unpublished = 0;
    queue.kick();
  }

  @Override
  public final boolean ready() {
    return queue.ring().hasUsed();
  }

  @Override
  public final int inFlightCount() {
    return queue.inFlightCount();
  }

  @Override
  public final boolean isBroken() {
    return queue.isBroken();
  }

  @Override
  public final @Nullable Failure failure() {
    try {
      // Nothing was asked, so what can be read is the end of the connection.
      return DescriptorPassing.await(connection, false, 0)
          ? new Failure(ECONNRESET, "the back-end hung up")
          : null;
    } catch (LinuxException e) {
      return new Failure(e.number(), String.valueOf(e.getMessage()));
    }
  }

  @Override
  public final void close() {
    // The driver stops the queue.
  }
}
