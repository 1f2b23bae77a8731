package io.millrace.bdev;

import java.util.ArrayList;
import java.util.List;

/**
 * The ranges locked on one channel. Empty in ordinary life, so the request path pays one
 * comparison; what happens while a lock stands is rare and may allocate.
 */
final class LockedRanges {
  private static final class Entry {
    final RangeLock lock;
    final Runnable locked;
    int overlapping;

    Entry(RangeLock lock, int overlapping, Runnable locked) {
      this.lock = lock;
      this.overlapping = overlapping;
      this.locked = locked;
    }
  }

  private final List<Entry> entries = new ArrayList<>(0);
  private int count;

  boolean any() {
    return count != 0;
  }

  /** Whether the request has to wait. The owner's own requests pass. */
  boolean blocks(BdevIo io) {
    if (count == 0) {
      return false;
    }
    for (Entry entry : entries) {
      if (io.heldLock() != entry.lock && entry.lock.overlaps(io)) {
        return true;
      }
    }
    return false;
  }

  void add(RangeLock lock, int overlapping, Runnable locked) {
    entries.add(new Entry(lock, overlapping, locked));
    count = entries.size();
    if (overlapping == 0) {
      locked.run();
    }
  }

  void remove(RangeLock lock) {
    entries.removeIf(entry -> entry.lock == lock);
    count = entries.size();
  }

  /**
   * A started request ended. One that overlaps a lock without holding it was started before the
   * lock was taken, so it is one that the lock waits for.
   */
  void ended(BdevIo io) {
    for (Entry entry : List.copyOf(entries)) {
      if (entry.overlapping > 0 && io.heldLock() != entry.lock && entry.lock.overlaps(io)) {
        entry.overlapping--;
        if (entry.overlapping == 0) {
          entry.locked.run();
        }
      }
    }
  }
}
