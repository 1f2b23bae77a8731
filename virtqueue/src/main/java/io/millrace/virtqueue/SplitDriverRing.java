package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * The driver side of a split virtqueue (virtio 1.3 §2.7), with indirect tables and EVENT_IDX.
 * Data-path code, one thread.
 *
 * <p>A chain is built once ({@link #begin}, {@link #add} for each buffer), offered ({@link #offer},
 * then {@link #publish} for the batch), comes back through {@link #reap}, and stays built: the
 * owner offers it again as it is, or gives its descriptors back ({@link #free}). Which buffers
 * belong to a chain is shadowed here, so nothing is believed that the device could have written but
 * the used ring, and that is checked.
 */
public final class SplitDriverRing {
  /** {@link #begin}: not enough free descriptors. */
  public static final int NONE = -1;

  private static final int U16 = 0xffff;
  private static final int EVENT_FAR_AHEAD = 0x8000;
  private static final int CACHE_LINE = 64;

  private final VringLayout layout;
  private final int size;
  private final int mask;
  private final long desc;
  private final long avail;
  private final long used;
  private final boolean eventIdx;
  private final IndirectTables tables;

  private final short[] next; // free list, or the next descriptor of a chain
  private final short[] descriptors; // by head: how many the chain has in the ring, 0 if no head
  private final boolean[] offered; // by head
  private int firstFree;
  private int freeCount;

  private int head = NONE; // of the chain being built
  private int added;
  private int reserved;
  private boolean building; // into an indirect table

  private int availIdx; // next avail entry to fill
  private int publishedIdx; // avail.idx as the device sees it
  private int lastUsed; // next used entry to take
  private int usedEvent;
  private boolean callsEnabled;
  private boolean broken;

  /**
   * Starts a ring that nobody else uses yet, at index 0, with calls disabled; its memory is
   * cleared.
   *
   * @param layout in memory that the device sees
   * @param features the negotiated ones
   * @param tables room for indirect tables, or {@link IndirectTables#NONE}
   */
  public SplitDriverRing(VringLayout layout, long features, IndirectTables tables) {
    this.layout = layout;
    this.size = layout.size();
    this.mask = size - 1;
    this.desc = layout.desc();
    this.avail = layout.avail();
    this.used = layout.used();
    this.eventIdx = VirtioFeature.has(features, VirtioFeature.EVENT_IDX);
    this.tables =
        VirtioFeature.has(features, VirtioFeature.INDIRECT_DESC) ? tables : IndirectTables.NONE;
    this.next = new short[size];
    this.descriptors = new short[size];
    this.offered = new boolean[size];
    for (int i = 0; i < size; i++) {
      next[i] = (short) (i + 1);
    }
    freeCount = size;
    RawMemory.fill(desc, (long) VirtqDesc.SIZE * size, (byte) 0);
    RawMemory.fill(avail, VirtqAvail.bytes(size), (byte) 0);
    RawMemory.fill(used, VirtqUsed.bytes(size), (byte) 0);
    disableCalls();
  }

  /**
   * Memory a ring needs when it lies in one piece.
   *
   * @param size descriptors, a power of two
   * @return bytes, a multiple of 64
   */
  public static long bytes(int size) {
    return usedOffset(size) + align(VirtqUsed.bytes(size));
  }

  /**
   * Lays a ring out in one piece, its three parts on cache lines of their own.
   *
   * @param address of {@link #bytes} bytes, aligned to 64
   * @param size descriptors, a power of two
   */
  public static VringLayout layout(long address, int size) {
    long avail = address + align((long) VirtqDesc.SIZE * size);
    return new VringLayout(size, address, avail, address + usedOffset(size));
  }

  private static long usedOffset(int size) {
    return align((long) VirtqDesc.SIZE * size) + align(VirtqAvail.bytes(size));
  }

  private static long align(long bytes) {
    return (bytes + CACHE_LINE - 1) & -CACHE_LINE;
  }

  /** Where the ring lies. */
  public VringLayout layout() {
    return layout;
  }

  /** Number of descriptors in the ring. */
  public int size() {
    return size;
  }

  /** Descriptors that no chain has. */
  public int freeCount() {
    return freeCount;
  }

  /**
   * Starts building a chain.
   *
   * @param buffers how many {@link #add} will follow, 1 or more; with two and more an indirect
   *     table is used if there is one large enough
   * @return the chain's head, which names it from now on, or {@link #NONE}
   */
  public int begin(int buffers) {
    boolean indirect = buffers > 1 && buffers <= tables.entries();
    int needed = indirect ? 1 : buffers;
    if (needed > freeCount) {
      return NONE;
    }
    head = firstFree;
    building = indirect;
    reserved = buffers;
    added = 0;
    descriptors[head] = (short) needed;
    freeCount -= needed;
    if (indirect) {
      firstFree = next[head] & U16;
      int bytes = buffers * VirtqDesc.SIZE;
      VirtqDesc.put(entry(head), tables.guest(head), bytes, VirtqDesc.F_INDIRECT, 0);
    }
    return head;
  }

  /**
   * Adds a buffer to the chain being built; those that the device reads come first (§2.7.4.2).
   *
   * @param guestAddress of the buffer, as the device knows it
   * @param bytes its length
   * @param writable whether the device writes it
   */
  public void add(long guestAddress, int bytes, boolean writable) {
    assert added < reserved : added;
    int flags = writable ? VirtqDesc.F_WRITE : 0;
    boolean last = ++added == reserved;
    if (building) {
      long entry = tables.host(head) + (long) (added - 1) * VirtqDesc.SIZE;
      VirtqDesc.put(
          entry, guestAddress, bytes, last ? flags : flags | VirtqDesc.F_NEXT, last ? 0 : added);
      return;
    }
    int index = firstFree;
    int following = next[index] & U16;
    VirtqDesc.put(
        entry(index),
        guestAddress,
        bytes,
        last ? flags : flags | VirtqDesc.F_NEXT,
        last ? 0 : following);
    firstFree = following;
  }

  private long entry(int index) {
    return desc + (long) index * VirtqDesc.SIZE;
  }

  /**
   * Puts a chain into the available ring; the device sees it after {@link #publish}.
   *
   * @param chain head of a chain that is built and not offered
   */
  public void offer(int chain) {
    assert descriptors[chain] != 0 && !offered[chain] : chain;
    offered[chain] = true;
    VirtqAvail.ring(avail, availIdx & mask, chain);
    availIdx = (availIdx + 1) & U16;
  }

  /**
   * Makes what was offered visible to the device.
   *
   * @return whether the device wants to be kicked for it
   */
  public boolean publish() {
    int before = publishedIdx;
    if (availIdx == before) {
      return false;
    }
    publishedIdx = availIdx;
    // Release: entries and descriptors before the index that covers them.
    VirtqAvail.idxRelease(avail, availIdx);
    // The index before the look at the device's wish; the device does the opposite.
    RawMemory.fullFence();
    return eventIdx
        ? SplitDeviceQueue.needEvent(VirtqUsed.availEvent(used, size), availIdx, before)
        : (VirtqUsed.flags(used) & VirtqUsed.F_NO_NOTIFY) == 0;
  }

  /**
   * Takes chains that the device is done with. They stay built: offer them again or free them.
   *
   * @param handler called for each, may offer and free
   * @param max most to take
   * @return how many were taken
   */
  public int reap(UsedHandler handler, int max) {
    if (broken) {
      return 0;
    }
    int ready = (VirtqUsed.idxAcquire(used) - lastUsed) & U16;
    if (ready > size) {
      broken = true;
      return 0;
    }
    int count = Math.min(ready, max);
    for (int i = 0; i < count; i++) {
      long element = VirtqUsed.element(used, lastUsed & mask);
      lastUsed = (lastUsed + 1) & U16;
      int chain = (int) element;
      if (chain < 0 || chain >= size || !offered[chain]) {
        broken = true;
        return i;
      }
      offered[chain] = false;
      handler.used(chain, element >>> 32);
    }
    if (eventIdx && !callsEnabled && ((usedEvent - lastUsed) & U16) < 0x4000) {
      usedEvent(lastUsed + EVENT_FAR_AHEAD);
    }
    return count;
  }

  /** Whether the device has put something into the used ring that nobody took yet. */
  public boolean hasUsed() {
    return VirtqUsed.idxAcquire(used) != lastUsed;
  }

  /** Chains that are with the device. */
  public int inFlightCount() {
    return (availIdx - lastUsed) & U16;
  }

  /** Whether the device returned what it never got; nothing is reaped any more. */
  public boolean isBroken() {
    return broken;
  }

  /**
   * Gives a chain's descriptors back.
   *
   * @param chain head of a chain that is built and not offered
   */
  public void free(int chain) {
    int count = descriptors[chain];
    assert count != 0 && !offered[chain] : chain;
    int last = chain;
    for (int i = 1; i < count; i++) {
      last = next[last] & U16;
    }
    next[last] = (short) firstFree;
    firstFree = chain;
    freeCount += count;
    descriptors[chain] = 0;
  }

  /**
   * Asks for a call at the next used chain.
   *
   * @return false when there is one already: calls stay disabled, reap first
   */
  public boolean enableCalls() {
    callsEnabled = true;
    if (eventIdx) {
      usedEvent(lastUsed);
    } else {
      VirtqAvail.flags(avail, 0);
    }
    // The wish before the look: the device stores its index, then looks at the wish.
    RawMemory.fullFence();
    if (!hasUsed()) {
      return true;
    }
    disableCalls();
    return false;
  }

  /** Asks for no calls, as far as the device listens: it is polled. */
  public void disableCalls() {
    callsEnabled = false;
    if (eventIdx) {
      usedEvent(lastUsed + EVENT_FAR_AHEAD);
    } else {
      VirtqAvail.flags(avail, VirtqAvail.F_NO_INTERRUPT);
    }
  }

  private void usedEvent(int index) {
    usedEvent = index & U16;
    VirtqAvail.usedEvent(avail, size, index);
  }

  /** The next available index, where a device that drained the ring stands too. */
  public int availIndex() {
    return availIdx;
  }
}
