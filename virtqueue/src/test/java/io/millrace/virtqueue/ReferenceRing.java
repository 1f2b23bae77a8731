package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The device side of a split ring as virtio 1.3 §2.7 tells it, slowly and byte by byte: to compare
 * the real one with.
 */
class ReferenceRing {
  /** A byte of a chain: where it is here, and whether the device may write it. */
  record ChainByte(long host, boolean writable) {}

  /** What a fetch has to give: bytes only when the status is FETCHED. */
  record Fetched(ChainStatus status, int head, List<ChainByte> bytes) {}

  private static final int MOST_ENTRIES = 1024;
  private static final long LONGEST = 1L << 30;

  final GuestMemory memory;
  final long desc;
  final int size;
  private final boolean indirectAllowed;
  final List<ChainByte> bytes = new ArrayList<>();

  ReferenceRing(GuestMemory memory, long desc, int size, boolean indirectAllowed) {
    this.memory = memory;
    this.desc = desc;
    this.size = size;
    this.indirectAllowed = indirectAllowed;
  }

  Fetched chain(int head) {
    bytes.clear();
    ChainStatus status = table(desc, size, head, false);
    return new Fetched(
        status, head, status == ChainStatus.FETCHED ? List.copyOf(bytes) : List.of());
  }

  private ChainStatus table(long table, int entries, int first, boolean isIndirect) {
    int index = first;
    for (int seen = 0; ; seen++) {
      if (seen == entries) {
        return ChainStatus.TOO_LONG;
      }
      if (index >= entries) {
        return ChainStatus.BAD_INDEX;
      }
      long entry = table + 16L * index;
      if (!inOneRegion(entry, 16)) {
        return ChainStatus.BAD_INDIRECT;
      }
      long addr = little(entry, 8);
      long len = little(entry + 8, 4);
      int flags = (int) little(entry + 12, 2);
      int next = (int) little(entry + 14, 2);
      boolean hasNext = (flags & 1) != 0;
      if ((flags & 4) != 0) {
        return enter(addr, len, isIndirect || hasNext);
      }
      ChainStatus refusal = buffer(addr, len, (flags & 2) != 0);
      if (refusal != ChainStatus.FETCHED) {
        return refusal;
      }
      if (!hasNext) {
        return ChainStatus.FETCHED;
      }
      index = next;
    }
  }

  private ChainStatus enter(long addr, long len, boolean misplaced) {
    ChainStatus refusal = checkTable(addr, len, misplaced);
    return refusal == ChainStatus.FETCHED ? table(addr, (int) (len / 16), 0, true) : refusal;
  }

  final ChainStatus checkTable(long addr, long len, boolean misplaced) {
    if (!indirectAllowed || misplaced || len % 16 != 0 || len == 0 || len / 16 > MOST_ENTRIES) {
      return ChainStatus.BAD_INDIRECT;
    }
    return memory.host(addr) < 0 || wraps(addr, len)
        ? ChainStatus.BAD_ADDRESS
        : ChainStatus.FETCHED;
  }

  final ChainStatus buffer(long addr, long len, boolean writable) {
    if (!writable && !bytes.isEmpty() && bytes.getLast().writable()) {
      return ChainStatus.BAD_ORDER;
    }
    if (len > LONGEST) {
      return ChainStatus.BAD_LENGTH;
    }
    if (len > 0 && wraps(addr, len)) {
      return ChainStatus.BAD_ADDRESS;
    }
    for (long i = 0; i < len; i++) {
      long host = memory.host(addr + i);
      if (host < 0) {
        return ChainStatus.BAD_ADDRESS;
      }
      bytes.add(new ChainByte(host, writable));
    }
    return ChainStatus.FETCHED;
  }

  private static boolean wraps(long addr, long len) {
    return Long.compareUnsigned(addr + len - 1, addr) < 0;
  }

  final boolean inOneRegion(long guest, int count) {
    for (GuestRegion region : memory.map().regions()) {
      long offset = guest - region.guestAddress();
      if (offset >= 0 && offset <= region.bytes() - count) {
        return true;
      }
    }
    return false;
  }

  final long little(long guest, int count) {
    long value = 0;
    for (int i = count - 1; i >= 0; i--) {
      value = value << 8 | (RawMemory.getByte(memory.host(guest + i)) & 0xff);
    }
    return value;
  }
}
