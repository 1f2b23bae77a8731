package io.millrace.virtio.blk;

import org.jspecify.annotations.Nullable;

/** Requests whose next part is for another turn of their queue, oldest first. Data-path code. */
final class TurnQueue {
  private @Nullable BlkRequest first;
  private @Nullable BlkRequest last;

  TurnQueue() {}

  boolean isEmpty() {
    return first == null;
  }

  /** Adds one that is in none. */
  void add(BlkRequest request) {
    BlkRequest before = last;
    if (before == null) {
      first = request;
    } else {
      before.nextWaiting = request;
    }
    last = request;
  }

  /** Takes the oldest; null when there is none. */
  @Nullable BlkRequest take() {
    BlkRequest taken = first;
    if (taken != null) {
      first = taken.nextWaiting;
      taken.nextWaiting = null;
      if (first == null) {
        last = null;
      }
    }
    return taken;
  }
}
