package io.millrace.nvme.pci;

import io.millrace.linux.IovaRange;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the addresses that an IOMMU translates: it may have fewer bits than the addresses of
 * this process, and holes. First fit from below; what is large lies in its huge pages as its memory
 * does in those of the host, so that the IOMMU may use them. One thread at a time.
 */
final class IovaAllocator {
  /** Answer of {@link #allocate}: there is no room. */
  static final long NONE = -1;

  static final long PAGE = 4096;

  /** Sizes of huge pages, largest first, and then that of any page. */
  private static final long[] PAGES = {1L << 30, 1L << 21, PAGE};

  /** What is free: first byte, one past the last. Nothing overlaps or touches. */
  private final TreeMap<Long, Long> free = new TreeMap<>();

  IovaAllocator(List<IovaRange> ranges) {
    for (IovaRange range : ranges) {
      long first = first(range);
      long end = end(range);
      if (first < end) {
        free.put(first, end);
      }
    }
  }

  /** Address 0 stays free: in some fields of NVMe commands it says that there is nothing. */
  private static long first(IovaRange range) {
    long first = range.first();
    return first < 0 || first > Long.MAX_VALUE - PAGE
        ? Long.MAX_VALUE
        : Math.max(PAGE, (first + PAGE - 1) & -PAGE);
  }

  /** Addresses are positive here: nobody has 8 EiB. */
  private static long end(IovaRange range) {
    long last = range.last() < 0 ? Long.MAX_VALUE : range.last();
    return last == Long.MAX_VALUE ? Long.MAX_VALUE & -PAGE : (last + 1) & -PAGE;
  }

  /**
   * Takes a range.
   *
   * @param address host address of the memory, page-aligned
   * @param bytes whole pages
   * @return its first byte, or {@link #NONE}
   */
  long allocate(long address, long bytes) {
    for (long page : PAGES) {
      if (page <= bytes || page == PAGE) {
        long iova = fit(address, bytes, page);
        if (iova != NONE) {
          return iova;
        }
      }
    }
    return NONE;
  }

  private long fit(long address, long bytes, long page) {
    for (Map.Entry<Long, Long> range : free.entrySet()) {
      long first = range.getKey();
      long end = range.getValue();
      long skipped = Math.floorMod(address - first, page);
      if (skipped <= end - first && bytes <= end - first - skipped) {
        take(first, end, first + skipped, bytes);
        return first + skipped;
      }
    }
    return NONE;
  }

  private void take(long first, long end, long iova, long bytes) {
    free.remove(first);
    if (first < iova) {
      free.put(first, iova);
    }
    if (iova + bytes < end) {
      free.put(iova + bytes, end);
    }
  }

  /**
   * Gives a range back.
   *
   * @param iova as {@link #allocate} returned it
   * @param bytes as it was given
   */
  void free(long iova, long bytes) {
    long first = iova;
    long end = iova + bytes;
    Map.@Nullable Entry<Long, Long> below = free.lowerEntry(end);
    if (below != null && below.getValue() > iova) {
      throw new IllegalStateException("IOVA 0x" + Long.toHexString(iova) + " is free already");
    }
    if (below != null && below.getValue() == iova) {
      first = below.getKey();
    }
    Long endAbove = free.remove(end);
    if (endAbove != null) {
      end = endAbove;
    }
    free.put(first, end);
  }

  /**
   * From now on only what lies in these ranges too is handed out: a device came whose IOMMU has
   * fewer. What is taken stays.
   */
  void restrict(List<IovaRange> ranges) {
    TreeMap<Long, Long> before = new TreeMap<>(free);
    free.clear();
    for (IovaRange range : ranges) {
      for (Map.Entry<Long, Long> kept : before.entrySet()) {
        long first = Math.max(first(range), kept.getKey());
        long end = Math.min(end(range), kept.getValue());
        if (first < end) {
          free.put(first, end);
        }
      }
    }
  }

  /** How many bytes are free, in all. */
  long freeBytes() {
    return free.entrySet().stream().mapToLong(range -> range.getValue() - range.getKey()).sum();
  }
}
