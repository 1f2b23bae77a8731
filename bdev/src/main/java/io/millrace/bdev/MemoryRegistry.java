package io.millrace.bdev;

import java.util.ArrayList;
import java.util.List;

/** The memory ranges that requests may point at, and who has to know them. Control thread only. */
public final class MemoryRegistry {
  private record Range(Bdev bdev, long address, long bytes) {}

  private final List<Range> ranges = new ArrayList<>();
  private final List<MemoryListener> listeners = new ArrayList<>();

  MemoryRegistry() {}

  /** Adds a listener and tells it of every range there is. */
  public void addListener(MemoryListener listener) {
    listeners.add(listener);
    for (Range range : ranges) {
      listener.memoryAdded(range.bdev, range.address, range.bytes);
    }
  }

  /** Tells a listener that every range goes, and forgets it. */
  public void removeListener(MemoryListener listener) {
    if (listeners.remove(listener)) {
      for (Range range : ranges) {
        listener.memoryRemoved(range.bdev, range.address, range.bytes);
      }
    }
  }

  /** A range is mapped and requests to a bdev will point at it. */
  public void add(Bdev bdev, long address, long bytes) {
    ranges.add(new Range(bdev, address, bytes));
    for (MemoryListener listener : listeners) {
      listener.memoryAdded(bdev, address, bytes);
    }
  }

  /** Nothing points at the range any more; it is about to be unmapped. */
  public void remove(Bdev bdev, long address, long bytes) {
    if (ranges.remove(new Range(bdev, address, bytes))) {
      for (MemoryListener listener : listeners) {
        listener.memoryRemoved(bdev, address, bytes);
      }
    }
  }
}
