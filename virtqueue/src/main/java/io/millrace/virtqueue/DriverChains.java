package io.millrace.virtqueue;

/**
 * The chains of one driver ring: which places (descriptors of a split ring, buffers kept aside for
 * a packed one) each has, and which are with the device. A chain's first place is its head.
 * Data-path code.
 */
final class DriverChains {
  private static final int U16 = 0xffff;

  private final IndirectTables tables;
  private final boolean inOrder;
  private final short[] next; // free list, or the next place of a chain
  private final short[] places; // by head: how many the chain has, 0 if no head
  private final boolean[] offered; // by head
  private final int[] writableBytes; // by head
  private final int[] order; // with IN_ORDER: a ring of the heads that are with the device
  private int oldest;
  private int firstFree;
  private int freeCount;
  private int offeredCount;

  private int head = DriverRing.NONE; // of the chain being built
  private int added;
  private int reserved;
  private boolean indirect; // it is built into a table

  DriverChains(int size, long features, IndirectTables tables) {
    this.tables =
        VirtioFeature.has(features, VirtioFeature.INDIRECT_DESC) ? tables : IndirectTables.NONE;
    this.inOrder = VirtioFeature.has(features, VirtioFeature.IN_ORDER);
    this.next = new short[size];
    this.places = new short[size];
    this.offered = new boolean[size];
    this.writableBytes = new int[size];
    this.order = new int[inOrder ? size : 0];
    for (int i = 0; i < size; i++) {
      next[i] = (short) (i + 1);
    }
    freeCount = size;
  }

  int freeCount() {
    return freeCount;
  }

  int offeredCount() {
    return offeredCount;
  }

  /** Begins a chain; NONE when it does not fit. Its first place is taken if it is indirect. */
  int begin(int buffers) {
    boolean intoTable = buffers > 1 && buffers <= tables.entries();
    int needed = intoTable ? 1 : buffers;
    if (needed > freeCount) {
      return DriverRing.NONE;
    }
    head = firstFree;
    indirect = intoTable;
    reserved = buffers;
    added = 0;
    places[head] = (short) needed;
    writableBytes[head] = 0;
    freeCount -= needed;
    if (intoTable) {
      firstFree = next[head] & U16;
    }
    return head;
  }

  /** Head of the chain being built. */
  int head() {
    return head;
  }

  boolean isIndirect() {
    return indirect;
  }

  /** Counts a buffer of the chain being built; its number from 0. */
  int addBuffer(int bytes, boolean writable) {
    assert added < reserved : added;
    writableBytes[head] += writable ? bytes : 0;
    return added++;
  }

  /** Whether all buffers of the chain being built were counted. */
  boolean isComplete() {
    return added == reserved;
  }

  /** Host address of a descriptor in the table of the chain being built. */
  long tableEntry(int index) {
    return tables.host(head) + (long) index * VirtqDesc.SIZE;
  }

  /** Guest address of the table of the chain being built. */
  long table() {
    return tables.guest(head);
  }

  /** A place for a buffer of the chain being built. */
  int takePlace() {
    int place = firstFree;
    firstFree = next[place] & U16;
    return place;
  }

  /** The place behind one of a chain. */
  int following(int place) {
    return next[place] & U16;
  }

  /** How many places a chain has. */
  int placeCount(int chain) {
    return places[chain] & U16;
  }

  /** Gives a chain to the device. */
  void offer(int chain) {
    assert places[chain] != 0 && !offered[chain] : chain;
    offered[chain] = true;
    if (inOrder) {
      order[wrapped(oldest + offeredCount)] = chain;
    }
    offeredCount++;
  }

  /** Whether a device may say that it is done with this chain; any number. */
  boolean isOffered(int chain) {
    return chain >= 0 && chain < offered.length && offered[chain];
  }

  /**
   * The chain that comes back first when the device is done with one: that one or, with IN_ORDER,
   * the oldest, as a device may name the last of a batch for all of it (§2.7.9, §2.8.9).
   *
   * @param chain with the device
   */
  int takeBack(int chain) {
    int first = chain;
    if (inOrder) {
      first = order[oldest];
      oldest = wrapped(oldest + 1);
    }
    offered[first] = false;
    offeredCount--;
    return first;
  }

  /** A place in {@link #order}, from one less than twice its length; no division. */
  private int wrapped(int place) {
    return place < order.length ? place : place - order.length;
  }

  /** Bytes of a chain that the device may write: those it wrote if a batch hides the number. */
  int writableBytes(int chain) {
    return writableBytes[chain];
  }

  /** Gives a chain's places back. */
  void free(int chain) {
    int count = placeCount(chain);
    assert count != 0 && !offered[chain] : chain;
    int last = chain;
    for (int i = 1; i < count; i++) {
      last = next[last] & U16;
    }
    next[last] = (short) firstFree;
    firstFree = chain;
    freeCount += count;
    places[chain] = 0;
  }
}
