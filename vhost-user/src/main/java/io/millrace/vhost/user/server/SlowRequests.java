package io.millrace.vhost.user.server;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Slow requests of one ring on their way to the control thread: a ring with room for a few, made
 * once. What finds no room is counted. One thread offers, one takes.
 */
final class SlowRequests {
  private static final int ROOM = 64; // a power of two

  /** Takes what was offered. */
  interface Taker {
    /**
     * A slow request.
     *
     * @param hangs whether it is not done, and the nanoseconds are those until now
     */
    void take(
        RequestKind kind,
        long offsetBytes,
        long lengthBytes,
        long ringNanos,
        long bdevNanos,
        long completionNanos,
        boolean hangs);
  }

  private static final class Entry {
    RequestKind kind = RequestKind.OTHER;
    long offsetBytes;
    long lengthBytes;
    long ringNanos;
    long bdevNanos;
    long completionNanos;
    boolean hangs;
  }

  private final Entry[] entries = new Entry[ROOM];
  private final AtomicLong offered = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicLong leftOut = new AtomicLong();
  private long leftOutBefore; // the taker's

  SlowRequests() {
    for (int i = 0; i < ROOM; i++) {
      entries[i] = new Entry();
    }
  }

  /**
   * Offers one.
   *
   * @param nanos when its driver was told, or now if it hangs
   */
  void offer(RequestTrace trace, long nanos, boolean hangs) {
    long at = offered.getPlain();
    if (at - taken.getAcquire() == ROOM) { // what is taken may be overwritten
      leftOut.setOpaque(leftOut.getPlain() + 1);
      return;
    }
    Entry entry = entries[(int) at & (ROOM - 1)];
    entry.kind = trace.kind;
    entry.offsetBytes = trace.offsetBytes;
    entry.lengthBytes = trace.lengthBytes;
    entry.ringNanos = trace.ringNanos();
    entry.bdevNanos = trace.bdevNanos();
    entry.completionNanos = trace.completionNanos(nanos);
    entry.hangs = hangs;
    offered.setRelease(at + 1); // behind the entry
  }

  /**
   * Takes all that are there.
   *
   * @return how many found no room since the last time
   */
  long take(Taker taker) {
    long end = offered.getAcquire();
    for (long at = taken.getPlain(); at < end; at++) {
      Entry entry = entries[(int) at & (ROOM - 1)];
      taker.take(
          entry.kind,
          entry.offsetBytes,
          entry.lengthBytes,
          entry.ringNanos,
          entry.bdevNanos,
          entry.completionNanos,
          entry.hangs);
      taken.setRelease(at + 1); // the entry is read
    }
    long all = leftOut.getOpaque();
    long since = all - leftOutBefore;
    leftOutBefore = all;
    return since;
  }
}
