package io.millrace.bdev.file;

import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for something, oldest first; linked through themselves. One reactor's thread.
 */
final class RequestQueue {
  private @Nullable FileRequest first;
  private @Nullable FileRequest last;

  boolean isEmpty() {
    return first == null;
  }

  @Nullable FileRequest first() {
    return first;
  }

  void add(FileRequest request) {
    request.next = null;
    if (last == null) {
      first = request;
    } else {
      last.next = request;
    }
    last = request;
  }

  /** Takes a request out of the queue; it must be in it. Looks from the oldest on. */
  void remove(FileRequest request) {
    FileRequest before = null;
    for (FileRequest r = first; r != null; r = r.next) {
      if (r == request) {
        if (before == null) {
          first = r.next;
        } else {
          before.next = r.next;
        }
        if (last == r) {
          last = before;
        }
        r.next = null;
        return;
      }
      before = r;
    }
    throw new IllegalStateException("not waiting here: " + request);
  }
}
