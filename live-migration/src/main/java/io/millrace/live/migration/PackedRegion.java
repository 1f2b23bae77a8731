package io.millrace.live.migration;

import io.millrace.linux.RawMemory;

/** The bytes of {@code QueueRegionPacked}. Every store comes after those before it. */
final class PackedRegion {
  private static final int FEATURES_AT = 0; // u64
  private static final int HEADS_AT =
      InflightRegion.VERSION_AT; // u16 each: version, desc_num, free_head, old_free_head
  private static final int POSITIONS_AT =
      16; // u16 used_idx, u16 old_used_idx, u8 wrap, u8 old wrap
  private static final int ENTRIES_AT = 32;

  private static final int ENTRY = 32; // bytes
  private static final int LINKS_AT = 0; // u8 inflight, u8 of our own, u16 next, u16 last, u16 num
  private static final int NEXT_AT = 2;
  private static final int COUNTER_AT = 8; // u64
  private static final int STATE_AT = 16; // u16 id, u16 flags, u32 len
  private static final int ADDRESS_AT = 24; // u64

  private static final int U16 = 0xffff;

  private final long address;
  private final int size;
  private final long heads; // as it was when this was opened
  private final long positions;

  PackedRegion(long address, int size) {
    this.address = address;
    this.size = size;
    this.heads = RawMemory.getLong(address + HEADS_AT);
    this.positions = RawMemory.getLong(address + POSITIONS_AT);
  }

  static long bytes(int size) {
    return ENTRIES_AT + (long) ENTRY * size;
  }

  private long entry(int index) {
    return address + ENTRIES_AT + (long) index * ENTRY;
  }

  int size() {
    return size;
  }

  // ---- as it was when it was opened; the entries: as they are
  // --------------------------------------

  boolean isFresh() {
    return version() == 0;
  }

  int version() {
    return (int) heads & U16;
  }

  int descriptors() {
    return (int) (heads >>> 16) & U16;
  }

  int freeHead() {
    return (int) (heads >>> 32) & U16;
  }

  int oldFreeHead() {
    return (int) (heads >>> 48);
  }

  int usedIndex() {
    return (int) positions & U16;
  }

  int oldUsedIndex() {
    return (int) (positions >>> 16) & U16;
  }

  int wrap() {
    return (int) (positions >>> 32) & 0xff;
  }

  int oldWrap() {
    return (int) (positions >>> 40) & 0xff;
  }

  long features() {
    return RawMemory.getLong(address + FEATURES_AT);
  }

  /** In flight, next, last and number of an entry, in one load. */
  long links(int index) {
    return RawMemory.getLong(entry(index) + LINKS_AT);
  }

  long counter(int index) {
    return RawMemory.getLong(entry(index) + COUNTER_AT);
  }

  /** Id, flags and length of an entry, in one load. */
  long state(int index) {
    return RawMemory.getLong(entry(index) + STATE_AT);
  }

  long descriptorAddress(int index) {
    return RawMemory.getLong(entry(index) + ADDRESS_AT);
  }

  // ---- changes ----------------------------------------------------------------------------------

  /** Nothing in flight, all entries free. Whether it is of use is told with the free heads. */
  void begin(int[] next) {
    RawMemory.fill(address, bytes(size), (byte) 0);
    for (int i = 0; i < size; i++) {
      next(i, next[i]);
    }
  }

  void freeHeads(int free, int old) {
    long word =
        InflightRegion.VERSION
            | (long) (size & U16) << 16
            | (long) (free & U16) << 32
            | (long) (old & U16) << 48;
    RawMemory.putLongRelease(address + HEADS_AT, word);
  }

  /** Positions are an index, and the wrap counter in bit 15. */
  void positions(int used, int old) {
    long word =
        (used & 0x7fff)
            | (long) (old & 0x7fff) << 16
            | (long) (used >>> 15) << 32
            | (long) (old >>> 15) << 40;
    RawMemory.putLongRelease(address + POSITIONS_AT, word);
  }

  void next(int index, int next) {
    RawMemory.putShortRelease(entry(index) + NEXT_AT, (short) next);
  }

  void descriptor(int index, long at, long length, int flags, int id) {
    RawMemory.putLong(entry(index) + ADDRESS_AT, at);
    RawMemory.putLong(
        entry(index) + STATE_AT, (id & U16) | (long) (flags & U16) << 16 | length << 32);
  }

  void fetched(int head, int last, int count, long counter) {
    RawMemory.putLong(entry(head) + COUNTER_AT, counter);
    RawMemory.putShort(entry(head) + 4, (short) last);
    RawMemory.putShort(entry(head) + 6, (short) count);
    RawMemory.putShortRelease(entry(head) + LINKS_AT, (short) 1);
  }

  /** How far a chain is, in the byte that the format leaves free. */
  void milestone(int head, int value) {
    RawMemory.putShortRelease(entry(head) + LINKS_AT, (short) (1 | value << 8));
  }

  void clear(int head) {
    RawMemory.putShortRelease(entry(head) + LINKS_AT, (short) 0);
  }

  void forget() {
    InflightRegion.forget(address);
  }
}
