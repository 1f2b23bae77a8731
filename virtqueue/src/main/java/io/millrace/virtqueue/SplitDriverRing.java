package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * The driver side of a split virtqueue (virtio 1.3 §2.7), with indirect tables and EVENT_IDX.
 *
 * <p>Which descriptors belong to a chain is shadowed here, so nothing is believed that the device
 * could have written but the used ring, and that is checked.
 */
final class SplitDriverRing implements DriverRing {
  private static final int U16 = 0xffff;
  private static final int EVENT_FAR_AHEAD = 0x8000;

  private final VringLayout layout;
  private final int size;
  private final int mask;
  private final long desc;
  private final long avail;
  private final long used;
  private final boolean eventIdx;
  private final DriverChains chains;

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
  SplitDriverRing(VringLayout layout, long features, IndirectTables tables) {
    this.layout = layout;
    this.size = layout.size();
    this.mask = size - 1;
    this.desc = layout.desc();
    this.avail = layout.avail();
    this.used = layout.used();
    this.eventIdx = VirtioFeature.has(features, VirtioFeature.EVENT_IDX);
    this.chains = new DriverChains(size, features, tables);
    RawMemory.fill(desc, (long) VirtqDesc.SIZE * size, (byte) 0);
    RawMemory.fill(avail, VirtqAvail.bytes(size), (byte) 0);
    RawMemory.fill(used, VirtqUsed.bytes(size), (byte) 0);
    disableCalls();
  }

  @Override
  public VringLayout layout() {
    return layout;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int freeCount() {
    return chains.freeCount();
  }

  @Override
  public int begin(int buffers) {
    int head = chains.begin(buffers);
    if (head != NONE && chains.isIndirect()) {
      int bytes = buffers * VirtqDesc.SIZE;
      VirtqDesc.put(entry(head), chains.table(), bytes, VirtqDesc.F_INDIRECT, 0);
    }
    return head;
  }

  @Override
  public void add(long guestAddress, int bytes, boolean writable) {
    int index = chains.addBuffer(bytes, writable);
    boolean last = chains.isComplete();
    int flags = (writable ? VirtqDesc.F_WRITE : 0) | (last ? 0 : VirtqDesc.F_NEXT);
    if (chains.isIndirect()) {
      VirtqDesc.put(chains.tableEntry(index), guestAddress, bytes, flags, last ? 0 : index + 1);
    } else {
      int place = chains.takePlace();
      VirtqDesc.put(entry(place), guestAddress, bytes, flags, last ? 0 : chains.following(place));
    }
  }

  private long entry(int index) {
    return desc + (long) index * VirtqDesc.SIZE;
  }

  @Override
  public void offer(int chain) {
    chains.offer(chain);
    VirtqAvail.ring(avail, availIdx & mask, chain);
    availIdx = (availIdx + 1) & U16;
  }

  @Override
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

  @Override
  public int reap(UsedHandler handler, int max) {
    if (broken) {
      return 0;
    }
    int ready = (VirtqUsed.idxAcquire(used) - lastUsed) & U16;
    if (ready > size) {
      broken = true;
      return 0;
    }
    int count = 0;
    while (count < Math.min(ready, max)) {
      long element = VirtqUsed.element(used, lastUsed & mask);
      int named = (int) element;
      if (!chains.isOffered(named)) {
        broken = true;
        return count;
      }
      int chain;
      do {
        chain = chains.takeBack(named);
        lastUsed = (lastUsed + 1) & U16;
        count++;
        handler.used(chain, chain == named ? element >>> 32 : chains.writableBytes(chain));
      } while (chain != named);
    }
    if (eventIdx && !callsEnabled && ((usedEvent - lastUsed) & U16) < 0x4000) {
      usedEvent(lastUsed + EVENT_FAR_AHEAD);
    }
    return count;
  }

  @Override
  public boolean hasUsed() {
    return VirtqUsed.idxAcquire(used) != lastUsed;
  }

  @Override
  public int inFlightCount() {
    return chains.offeredCount();
  }

  @Override
  public boolean isBroken() {
    return broken;
  }

  @Override
  public void free(int chain) {
    chains.free(chain);
  }

  @Override
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

  @Override
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

  @Override
  public int base() {
    return availIdx;
  }
}
