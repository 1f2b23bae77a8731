package io.millrace.vhost.user.server;

import org.jspecify.annotations.Nullable;

/**
 * When one request was where; its handler says so. Made by {@link RequestTracker#begin} and over
 * with {@link #ended}. Data-path code, the ring's reactor only.
 */
public final class RequestTrace {
  private final RequestTracker tracker;
  RequestKind kind = RequestKind.OTHER;
  long offsetBytes;
  long lengthBytes;
  long seenNanos;
  private long submittedNanos;
  private long doneNanos;
  boolean isDone;
  @Nullable RequestTrace older; // of those that are in flight; of free ones the next
  @Nullable RequestTrace younger;
  @Nullable RequestEvent event; // made for the first one that is recorded, then kept

  RequestTrace(RequestTracker tracker) {
    this.tracker = tracker;
  }

  void begin(RequestKind what, long offset, long length, long now) {
    kind = what;
    offsetBytes = offset;
    lengthBytes = length;
    seenNanos = now;
    submittedNanos = now;
    doneNanos = now;
    isDone = false;
  }

  /** The request goes to the bdev, or is answered without it. */
  public void submitted() {
    submittedNanos = tracker.submitted();
    doneNanos = submittedNanos;
  }

  /** The request is done, and waits to be answered. */
  public void done() {
    doneNanos = tracker.done();
    isDone = true;
  }

  /** The request is over, answered or not; the trace is not the handler's any more. */
  public void ended() {
    tracker.ended(this);
  }

  /** In {@link RequestStage#RING}, in nanoseconds. */
  long ringNanos() {
    return submittedNanos - seenNanos;
  }

  /** In {@link RequestStage#BDEV}. */
  long bdevNanos() {
    return doneNanos - submittedNanos;
  }

  /** In {@link RequestStage#COMPLETION}, if its driver was told then. */
  long completionNanos(long toldNanos) {
    return toldNanos - doneNanos;
  }
}
