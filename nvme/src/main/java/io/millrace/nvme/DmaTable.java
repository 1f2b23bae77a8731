package io.millrace.nvme;

import io.millrace.nvme.pci.DmaSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which memory of this process a controller reaches, and at which addresses. Changed on the control
 * thread; read by every reactor through {@link #map}, an immutable table.
 *
 * <p>A range goes when no request points into it any more, so a reader of an older table never asks
 * it for a range that has gone.
 */
public final class DmaTable {
  /** Host ranges and what to add to get the device's addresses. Sorted; none overlap. */
  public static final class Map {
    private final long[] starts;
    private final long[] ends;
    private final long[] deltas;
    private int last; // index of the latest hit: a hint, a race on it is harmless

    private Map(List<Range> ranges) {
      int count = ranges.size();
      starts = new long[count];
      ends = new long[count];
      deltas = new long[count];
      for (int i = 0; i < count; i++) {
        Range range = ranges.get(i);
        starts[i] = range.address;
        ends[i] = range.address + range.bytes;
        deltas[i] = range.iova - range.address;
      }
    }

    /**
     * Finds the range of a byte.
     *
     * @return its index, or -1 if the device does not reach it
     */
    public int find(long address) {
      int hint = last;
      if (hint < starts.length && address >= starts[hint] && address < ends[hint]) {
        return hint;
      }
      int found = Arrays.binarySearch(starts, address);
      int index = found >= 0 ? found : -found - 2;
      if (index < 0 || address >= ends[index]) {
        return -1;
      }
      last = index;
      return index;
    }

    /** How many bytes from an address of a range on are in it. */
    public long left(int index, long address) {
      return ends[index] - address;
    }

    public long iova(int index, long address) {
      return address + deltas[index];
    }
  }

  private static final class Range {
    final long address;
    final long bytes;
    final long iova;
    int users = 1;

    Range(long address, long bytes, long iova) {
      this.address = address;
      this.bytes = bytes;
      this.iova = iova;
    }
  }

  private final DmaSpace dma;
  private final List<Range> ranges = new ArrayList<>();
  private volatile Map map = new Map(List.of());

  DmaTable(DmaSpace dma) {
    this.dma = dma;
  }

  /** The table as it is now. Any thread. */
  Map map() {
    return map;
  }

  /** Memory that requests will point at; the same may be added for several users. */
  void add(long address, long bytes) {
    Range known = find(address, bytes);
    if (known != null) {
      known.users++;
      return;
    }
    ranges.add(new Range(address, bytes, dma.map(address, bytes)));
    publish();
  }

  /** One user's memory that nothing points at any more. */
  void remove(long address, long bytes) {
    Range range = find(address, bytes);
    if (range != null && --range.users == 0) {
      ranges.remove(range);
      publish();
      unmap(range);
    }
  }

  private @Nullable Range find(long address, long bytes) {
    return ranges.stream()
        .filter(range -> range.address == address && range.bytes == bytes)
        .findFirst()
        .orElse(null);
  }

  /** Takes every range back; no request is under way. */
  void clear() {
    List<Range> all = List.copyOf(ranges);
    ranges.clear();
    publish();
    all.forEach(this::unmap);
  }

  private void unmap(Range range) {
    if (range.iova != DmaSpace.NOT_REACHABLE) {
      dma.unmap(range.address, range.bytes);
    }
  }

  private void publish() {
    map =
        new Map(
            ranges.stream()
                .filter(range -> range.iova != DmaSpace.NOT_REACHABLE)
                .sorted(Comparator.comparingLong(range -> range.address))
                .toList());
  }
}
