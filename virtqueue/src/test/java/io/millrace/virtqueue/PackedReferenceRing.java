package io.millrace.virtqueue;

import java.util.List;
import java.util.Set;

/**
 * The device side of a packed ring as virtio 1.3 §2.8 tells it, slowly and byte by byte: to compare
 * the real one with.
 */
final class PackedReferenceRing extends ReferenceRing {
  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;
  private static final int AVAIL = 1 << 7;
  private static final int USED = 1 << 15;

  PackedReferenceRing(GuestMemory memory, long ring, int size, boolean indirectAllowed) {
    super(memory, ring, size, indirectAllowed);
  }

  /** A chain, and how many descriptors of the ring it takes. */
  record Next(Fetched fetched, int descriptors) {}

  /**
   * What stands at a place of the ring.
   *
   * @param out descriptors of chains that were not given back
   * @param ids of those chains
   */
  Next at(int index, int wrap, int out, Set<Integer> ids) {
    bytes.clear();
    int availability = (int) little(desc + 16L * index + 14, 2) & (AVAIL | USED);
    if (availability != (wrap == 1 ? AVAIL : USED)) {
      return nothing(ChainStatus.EMPTY);
    }
    ChainStatus refusal = ChainStatus.FETCHED;
    for (int n = 0; ; n++) {
      if (n == size - out) {
        return nothing(ChainStatus.BROKEN_RING);
      }
      long entry = desc + 16L * ((index + n) % size);
      int flags = (int) little(entry + 14, 2);
      if (refusal == ChainStatus.FETCHED) {
        long addr = little(entry, 8);
        long len = little(entry + 8, 4);
        boolean inList = n > 0 || (flags & NEXT) != 0;
        refusal =
            (flags & INDIRECT) != 0
                ? table(addr, len, inList)
                : buffer(addr, len, (flags & WRITE) != 0);
      }
      if ((flags & NEXT) == 0) {
        int id = (int) little(entry + 12, 2);
        if (id >= size || ids.contains(id)) {
          return nothing(ChainStatus.BROKEN_RING);
        }
        boolean good = refusal == ChainStatus.FETCHED;
        return new Next(new Fetched(refusal, id, good ? List.copyOf(bytes) : List.of()), n + 1);
      }
    }
  }

  private static Next nothing(ChainStatus status) {
    return new Next(new Fetched(status, -1, List.of()), 0);
  }

  private ChainStatus table(long addr, long len, boolean misplaced) {
    ChainStatus refusal = checkTable(addr, len, misplaced);
    for (long entry = addr; refusal == ChainStatus.FETCHED && entry != addr + len; entry += 16) {
      if (!inOneRegion(entry, 16)) {
        return ChainStatus.BAD_INDIRECT;
      }
      boolean writable = (little(entry + 14, 2) & WRITE) != 0;
      refusal = buffer(little(entry, 8), little(entry + 8, 4), writable);
    }
    return refusal;
  }
}
