package io.millrace.nvme;

import io.millrace.linux.RawMemory;

/**
 * Where a command's data is, as its entry says it: physical region pages (base 2.0 §4.1.1) where
 * the memory has their shape, else a scatter gather list (§4.1.2). Data path.
 */
final class DataPointer {
  /** Bytes of the list that each command may need: one page of 4 KiB. */
  static final int LIST_BYTES = 4096;

  private static final int SGL_ENTRY_BYTES = 16;
  private static final int SGL_TYPE_SHIFT = 60; // in the upper half of a descriptor
  private static final long SGL_DATA_BLOCK = 0;
  private static final long SGL_LAST_SEGMENT = 3L << SGL_TYPE_SHIFT;

  /** PSDT 01b: SGL for the data, one address for the metadata. Of dword 0. */
  private static final int FLAG_SGL = 1 << 14;

  private DataPointer() {}

  /**
   * Whether the segments are what PRP entries can say: only the first may begin, and only the last
   * end, amid a page.
   *
   * @param pageMask page size less one
   */
  static boolean isPaged(NvmeRequest request, long pageMask) {
    int last = request.segmentCount() - 1;
    for (int i = 0; i <= last; i++) {
      long start = request.segmentIova(i);
      long end = start + request.segmentBytes(i);
      if ((i > 0 && (start & pageMask) != 0) || (i < last && (end & pageMask) != 0)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Writes the two words of an entry.
   *
   * @param pointer host address of the entry's first word
   * @param list host address of {@link #LIST_BYTES} of this command's own
   * @param listIova the same for the device
   * @return flags for dword 0
   */
  static int write(NvmeRequest request, long pointer, long list, long listIova, long pageMask) {
    if (request.segmentCount() == 0) {
      RawMemory.putLong(pointer, 0);
      RawMemory.putLong(pointer + Long.BYTES, 0);
      return 0;
    }
    if (isPaged(request, pageMask)) {
      pages(request, pointer, list, listIova, pageMask);
      return 0;
    }
    scatter(request, pointer, list, listIova);
    return FLAG_SGL;
  }

  private static void pages(
      NvmeRequest request, long pointer, long list, long listIova, long pageMask) {
    long first = request.segmentIova(0);
    RawMemory.putLong(pointer, first);
    long page = pageMask + 1;
    long entry = list;
    int count = request.segmentCount();
    for (int i = 0; i < count; i++) {
      long start = request.segmentIova(i);
      long end = start + request.segmentBytes(i);
      for (long at = i == 0 ? (start | pageMask) + 1 : start; at < end; at += page) {
        RawMemory.putLong(entry, at);
        entry += Long.BYTES;
      }
    }
    assert entry <= list + LIST_BYTES : request;
    long second;
    if (entry == list) {
      second = 0;
    } else if (entry == list + Long.BYTES) {
      second = RawMemory.getLong(list);
    } else {
      second = listIova;
    }
    RawMemory.putLong(pointer + Long.BYTES, second);
  }

  private static void scatter(NvmeRequest request, long pointer, long list, long listIova) {
    int count = request.segmentCount();
    assert count * SGL_ENTRY_BYTES <= LIST_BYTES : request;
    for (int i = 0; i < count; i++) {
      long entry = list + (long) i * SGL_ENTRY_BYTES;
      RawMemory.putLong(entry, request.segmentIova(i));
      RawMemory.putLong(entry + Long.BYTES, SGL_DATA_BLOCK | request.segmentBytes(i));
    }
    RawMemory.putLong(pointer, listIova);
    RawMemory.putLong(pointer + Long.BYTES, SGL_LAST_SEGMENT | (long) count * SGL_ENTRY_BYTES);
  }
}
