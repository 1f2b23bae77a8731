package io.millrace.virtqueue;

import io.millrace.live.migration.DirtyLog;

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
  private int found; // last time, and so most times
  private long lastAddress; // of the store that is not marked yet
  private long lastBytes; // 0: there is none

  LoggedWrites(DirtyLog log, long[] host, long[] size, long[] toGuest) {
    this.log = log;
    this.host = host;
    this.size = size;
    this.toGuest = toGuest;
  }

  /**
   * As {@link GuestWrites}. Stores never span regions: each is to a place that one translation
   * gave.
   */
  void wrote(long hostAddress, long bytes) {
    int region = found;
    if (!GuestMemoryMap.holds(host[region], size[region], hostAddress)) {
      region = GuestMemoryMap.find(host, size, hostAddress);
      if (region < 0) {
        return; // of memory that is not the guest's any more
      }
      found = region;
    }
    log.mark(hostAddress + toGuest[region], bytes);
  }

  /** Marks a page once for all stores in a row that begin on it, behind the last of them. */
  void wroteAmong(long hostAddress, long bytes) {
    if (lastBytes != 0 && !isOnPageOf(lastAddress, hostAddress)) {
      flush();
    }
    lastAddress = hostAddress;
    lastBytes = bytes;
  }

  void flush() {
    long bytes = lastBytes;
    if (bytes != 0) {
      lastBytes = 0;
      wrote(lastAddress, bytes);
    }
  }

  private boolean isOnPageOf(long one, long other) {
    int region = found;
    long start = host[region];
    return GuestMemoryMap.holds(start, size[region], one)
        && GuestMemoryMap.holds(start, size[region], other)
        && ((one + toGuest[region]) ^ (other + toGuest[region])) >>> DirtyLog.PAGE_SHIFT == 0;
  }
}
