package io.millrace.bdev;

import java.util.ArrayList;
import java.util.List;

/** The memory ranges that requests may point at, and who has to know them. Control thread only. */
public final class MemoryRegistry {
  private record Range(long address, long bytes) {}

  private final List<Range> ranges = new ArrayList<>();
  private final List<MemoryListener> listeners = new ArrayList<>();

  MemoryRegistry() {}

  /** Adds a listener and tells it of every range there is. */
  public void addListener(MemoryListener listener) {
    listeners.add(listener);
    for (Range range : ranges) {
      listener.memoryAdded(range.address, range.bytes);
    }
  }

  /** Tells a listener that every range goes, and forgets it. */
  public void removeListener(MemoryListener listener) {
    if (listeners.remove(listener)) {
      for (Range range : ranges) {
        listener.memoryRemoved(range.address, range.bytes);
      }
    }
  }

  /** A range is mapped and will be pointed at. */
  public void add(long address, long bytes) {
    ranges.add(new Range(address, bytes));
    for (MemoryListener listener : listeners) {
      listener.memoryAdded(address, bytes);
    }
  }

  /** Nothing points at the range any more; it is about to be unmapped. */
  public void remove(long address, long bytes) {
    if (ranges.remove(new Range(address, bytes))) {
      for (MemoryListener listener : listeners) {
        listener.memoryRemoved(address, bytes);
      }
    }
  }
}
