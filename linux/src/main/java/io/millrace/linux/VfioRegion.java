package io.millrace.linux;

import java.util.ArrayList;
import java.util.List;

/**
 * One of the regions of a device: what a base address register points at, or configuration space.
 *
 * @param bytes its length; 0 when there is none
 * @param offset where it starts in the device's file
 * @param mappable the parts of it that can be mapped, ascending; none when it can only be read and
 *     written
 */
public record VfioRegion(long bytes, long offset, List<Area> mappable) {
  /**
   * A part of a region.
   *
   * @param offset from the start of the region
   * @param bytes its length
   */
  public record Area(long offset, long bytes) {}

  static VfioRegion of(VfioInfo info) {
    long bytes = info.getLong(VfioAbi.REGION_SIZE);
    return new VfioRegion(bytes, info.getLong(VfioAbi.REGION_OFFSET), mappable(info, bytes));
  }

  private static List<Area> mappable(VfioInfo info, long bytes) {
    int flags = info.flags();
    if ((flags & VfioAbi.REGION_FLAGS_MMAP) == 0 || bytes == 0) {
      return List.of();
    }
    boolean hasCapabilities = (flags & VfioAbi.REGION_FLAGS_CAPS) != 0;
    int first = hasCapabilities ? info.getInt(VfioAbi.REGION_CAP_OFFSET) : 0;
    List<long[]> pairs =
        info.pairs(
            first, VfioAbi.REGION_CAP_SPARSE_MMAP, VfioAbi.SPARSE_COUNT, VfioAbi.SPARSE_AREAS);
    if (pairs == null) {
      return List.of(new Area(0, bytes));
    }
    List<Area> areas = new ArrayList<>();
    for (long[] pair : pairs) {
      areas.add(new Area(pair[0], pair[1]));
    }
    return List.copyOf(areas);
  }
}
