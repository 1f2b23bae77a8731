package io.millrace.live.migration;

/** What a packed queue's part of the region says, read once and found consistent. */
final class PackedRecovery {
  private static final int U16 = 0xffff;
  private static final int F_AVAIL = 1 << 7;
  private static final int F_USED = 1 << 15;

  private final int size;
  private final int[] next;
  private final int[] last;
  private final int[] count;
  private final byte[] milestones;
  private final long[] counters;
  private final long[] states;
  private final long[] addresses;
  private final boolean[] live; // heads
  private final boolean[] noted; // heads, as the region has it
  private int freeHead;
  private int position;
  private int[] heads = {};

  private PackedRecovery(int size) {
    this.size = size;
    next = new int[size];
    last = new int[size];
    count = new int[size];
    milestones = new byte[size];
    counters = new long[size];
    states = new long[size];
    addresses = new long[size];
    live = new boolean[size];
    noted = new boolean[size];
  }

  /** Nothing in flight; the free list has all entries, and ends where there is none. */
  static PackedRecovery none(int size, int first) {
    PackedRecovery none = new PackedRecovery(size);
    for (int i = 0; i < size; i++) {
      none.next[i] = i + 1;
    }
    none.position = first;
    return none;
  }

  /** Reads a region that was of use; changes nothing. */
  static PackedRecovery of(PackedRegion region, PackedInflight.RingFlags ring)
      throws BadInflightException {
    int size = region.size();
    InflightRegion.refuseOther(region.version(), region.features(), region.descriptors(), size);
    PackedRecovery read = new PackedRecovery(size);
    read.readEntries(region);
    read.decide(region, ring);
    read.findChains();
    return read;
  }

  private void readEntries(PackedRegion region) throws BadInflightException {
    for (int i = 0; i < size; i++) {
      long links = region.links(i);
      noted[i] = InflightRegion.isInFlight((int) links & 0xff, i);
      live[i] = noted[i];
      milestones[i] = (byte) (links >>> 8);
      next[i] = (int) (links >>> 16) & U16;
      last[i] = (int) (links >>> 32) & U16;
      count[i] = (int) (links >>> 48);
      counters[i] = region.counter(i);
      states[i] = region.state(i);
      addresses[i] = region.descriptorAddress(i);
    }
  }

  /**
   * Whether the driver was shown the batch that the back-end was about to: then it counts, else it
   * is taken back. The ring itself tells, by the first descriptor of the batch.
   */
  private void decide(PackedRegion region, PackedInflight.RingFlags ring)
      throws BadInflightException {
    if (region.usedIndex() >= size
        || region.oldUsedIndex() >= size
        || (region.wrap() | region.oldWrap()) > 1) {
      throw new BadInflightException(
          "its in-flight region stands at %d with wrap counter %d, before at %d with %d, in a ring of %d"
              .formatted(
                  region.usedIndex(),
                  region.wrap(),
                  region.oldUsedIndex(),
                  region.oldWrap(),
                  size));
    }
    int now = region.usedIndex() | region.wrap() << 15;
    int old = region.oldUsedIndex() | region.oldWrap() << 15;
    boolean published = false;
    if (now != old) {
      int flags = ring.at(region.oldUsedIndex()) & (F_AVAIL | F_USED);
      published = flags != (region.oldWrap() == 1 ? F_AVAIL : F_USED);
    }
    position = published ? now : old;
    freeHead = published ? region.freeHead() : region.oldFreeHead();
  }

  /** Each entry is in the free list or in one chain, and each chain has an id of its own. */
  private void findChains() throws BadInflightException {
    boolean[] seen = new boolean[size];
    int entries = 0;
    for (int i = freeHead; i != size; i = next[i]) {
      if (i > size || seen[i]) {
        throw new BadInflightException(
            "its in-flight region has no list of free entries: %d is beyond its end or in it twice"
                .formatted(i));
      }
      seen[i] = true;
      live[i] = false;
      entries++;
    }
    boolean[] ids = new boolean[size];
    for (int head = 0; head < size; head++) {
      if (live[head]) {
        entries += walk(head, seen, ids);
      }
    }
    if (entries != size) {
      throw new BadInflightException(
          "its in-flight region has lost %d of %d entries".formatted(size - entries, size));
    }
    heads = InflightRegion.inOrder(live, counters);
  }

  private int walk(int head, boolean[] seen, boolean[] ids) throws BadInflightException {
    int entry = head;
    int tail = head;
    for (int i = 0; i < count[head]; i++) {
      if (entry >= size || seen[entry]) {
        throw new BadInflightException(
            "its in-flight region has a chain at %d that has entry %d, which is beyond its end or elsewhere too"
                .formatted(head, entry));
      }
      seen[entry] = true;
      tail = entry;
      entry = next[entry];
    }
    int id = (int) states[tail] & U16;
    if (count[head] == 0 || tail != last[head] || id >= size || ids[id]) {
      throw new BadInflightException(
          "its in-flight region has a chain of %d at %d that ends at %d and not at %d, or whose buffer id %d cannot be"
              .formatted(count[head], head, tail, last[head], id));
    }
    ids[id] = true;
    return count[head];
  }

  /** Notes of those that are not in flight after all that they are not. */
  void clear(PackedRegion region) {
    for (int i = 0; i < size; i++) {
      if (noted[i] && !live[i]) {
        region.clear(i);
      }
    }
  }

  int[] next() {
    return next;
  }

  int[] last() {
    return last;
  }

  int[] count() {
    return count;
  }

  /** Heads of what is in flight, in the order in which they were fetched. */
  int[] heads() {
    return heads;
  }

  int milestone(int head) {
    return milestones[head] & 0xff;
  }

  long nextCounter() {
    return InflightRegion.nextCounter(heads, counters);
  }

  int freeHead() {
    return freeHead;
  }

  int position() {
    return position;
  }

  long address(int entry) {
    return addresses[entry];
  }

  /** Length in the upper half, flags above the id in the lower. */
  long lengthAndFlags(int entry) {
    return states[entry];
  }
}
