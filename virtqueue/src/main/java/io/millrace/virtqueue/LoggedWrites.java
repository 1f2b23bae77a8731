package io.millrace.virtqueue;

import io.millrace.live.migration.DirtyLog;
import io.millrace.live.migration.DirtyMarks;

/**
 * Has a dirty log know of what is stored into the memory of one map. The log counts by guest
 * addresses, and stores are known by host addresses; the ring's own are translated like any other,
 * as what a front-end says of them ({@code log_guest_addr}) is right for the used ring of a split
 * queue only. One queue's.
 */
final class LoggedWrites {
  private final DirtyLog log;
  private final long[] host; // ascending
  private final long[] size;
  private final long[] toGuest; // from host to guest address
  private final DirtyMarks putOff;

  // Of the region that was found last, in which the next store most likely is.
  private long start;
  private long length;
  private long delta;

  LoggedWrites(DirtyLog log, long[] host, long[] size, long[] toGuest) {
    this.log = log;
    putOff = new DirtyMarks(log);
    this.host = host;
    this.size = size;
    this.toGuest = toGuest;
  }

  /**
   * As {@link GuestWrites}. Stores never span regions: each is to a place that one translation
   * gave.
   */
  void wrote(long hostAddress, long bytes) {
    if (isFound(hostAddress)) {
      log.mark(hostAddress + delta, bytes);
    }
  }

  /**
   * As {@link GuestWrites}: a fence waits for all that was stored before, so there is one for many.
   */
  void wroteAmong(long hostAddress, long bytes) {
    if (isFound(hostAddress)) {
      putOff.add(hostAddress + delta, bytes);
    }
  }

  void flush() {
    putOff.flush();
  }

  /** Finds the region that holds it; false if it is not the guest's any more. */
  private boolean isFound(long hostAddress) {
    return GuestMemoryMap.holds(start, length, hostAddress) || search(hostAddress);
  }

  private boolean search(long hostAddress) {
    int region = GuestMemoryMap.find(host, size, hostAddress);
    if (region < 0) {
      return false;
    }
    start = host[region];
    length = size[region];
    delta = toGuest[region];
    return true;
  }
}
