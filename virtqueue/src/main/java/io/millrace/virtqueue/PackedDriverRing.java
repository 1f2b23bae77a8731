package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * The driver side of a packed virtqueue (virtio 1.3 §2.8), with indirect tables and EVENT_IDX.
 *
 * <p>The device overwrites the ring, so a chain's buffers are kept here and copied into the ring
 * each time it is offered. Buffer ids are heads: the chain's first place in that store.
 */
final class PackedDriverRing implements DriverRing {
  private final VringLayout layout;
  private final int size;
  private final long ring;
  private final long driverEvent;
  private final long deviceEvent;
  private final boolean eventIdx;
  private final DriverChains chains;
  private final long[] address; // by place: the buffers of chains that are built
  private final long[] lengthAndFlags; // as a descriptor's state

  private int availPosition; // next descriptor to make available
  private int usedPosition; // next descriptor to look at for what was used
  private int unpublished; // descriptors offered since the last publish
  private int firstIndex; // of those, held back until publish
  private long firstState;
  private boolean broken;

  /**
   * Starts a ring that nobody else uses yet, at its beginning, with calls disabled; its memory is
   * cleared.
   *
   * @param layout in memory that the device sees
   * @param features the negotiated ones
   * @param tables room for indirect tables, or {@link IndirectTables#NONE}
   */
  PackedDriverRing(VringLayout layout, long features, IndirectTables tables) {
    this.layout = layout;
    this.size = layout.size();
    this.ring = layout.desc();
    this.driverEvent = layout.avail();
    this.deviceEvent = layout.used();
    this.eventIdx = VirtioFeature.has(features, VirtioFeature.EVENT_IDX);
    this.chains = new DriverChains(size, features, tables);
    this.address = new long[size];
    this.lengthAndFlags = new long[size];
    availPosition = PackedPosition.FIRST;
    usedPosition = PackedPosition.FIRST;
    RawMemory.fill(ring, (long) PackedDesc.SIZE * size, (byte) 0);
    PackedEvent.enable(deviceEvent);
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
      long bytes = (long) buffers * PackedDesc.SIZE;
      address[head] = chains.table();
      lengthAndFlags[head] = PackedDesc.state(bytes, head, PackedDesc.F_INDIRECT);
    }
    return head;
  }

  @Override
  public void add(long guestAddress, int bytes, boolean writable) {
    int index = chains.addBuffer(bytes, writable);
    int flags = writable ? PackedDesc.F_WRITE : 0;
    if (chains.isIndirect()) {
      long entry = chains.tableEntry(index);
      PackedDesc.addr(entry, guestAddress);
      PackedDesc.state(entry, PackedDesc.state(bytes, 0, flags));
    } else {
      int place = chains.takePlace();
      int goesOn = chains.isComplete() ? 0 : PackedDesc.F_NEXT;
      address[place] = guestAddress;
      lengthAndFlags[place] = PackedDesc.state(bytes, chains.head(), flags | goesOn);
    }
  }

  @Override
  public void offer(int chain) {
    chains.offer(chain);
    int place = chain;
    for (int left = chains.placeCount(chain); left > 0; left--) {
      int index = PackedPosition.index(availPosition);
      int flags = PackedDesc.availFlags(PackedPosition.wrap(availPosition));
      long state = lengthAndFlags[place] | (long) flags << 48;
      PackedDesc.addr(entry(index), address[place]);
      if (unpublished++ == 0) {
        firstIndex = index;
        firstState = state;
      } else {
        // The device does not look at it before it has seen the first.
        PackedDesc.state(entry(index), state);
      }
      availPosition = PackedPosition.plus(availPosition, 1, size);
      place = chains.following(place);
    }
  }

  private long entry(int index) {
    return ring + (long) index * PackedDesc.SIZE;
  }

  @Override
  public boolean publish() {
    if (unpublished == 0) {
      return false;
    }
    int count = unpublished;
    unpublished = 0;
    // Release: addresses, tables and the rest of the batch before its first descriptor.
    PackedDesc.stateRelease(entry(firstIndex), firstState);
    // The descriptors before the look at the device's wish; the device does the opposite.
    RawMemory.fullFence();
    return PackedEvent.isWanted(deviceEvent, eventIdx, availPosition, count, size);
  }

  @Override
  public int reap(UsedHandler handler, int max) {
    int count = 0;
    while (count < max && !broken && chains.offeredCount() > 0) {
      long state = nextState();
      if (!isUsed(state)) {
        break;
      }
      int named = PackedDesc.id(state);
      if (!chains.isOffered(named)) {
        broken = true;
        break;
      }
      boolean wrote = (PackedDesc.flags(state) & PackedDesc.F_WRITE) != 0;
      long writtenBytes = wrote ? PackedDesc.len(state) : 0;
      int chain;
      do {
        chain = chains.takeBack(named);
        usedPosition = PackedPosition.plus(usedPosition, chains.placeCount(chain), size);
        count++;
        handler.used(chain, chain == named ? writtenBytes : chains.writableBytes(chain));
      } while (chain != named);
    }
    return count;
  }

  private boolean isUsed(long state) {
    return PackedDesc.isUsed(state, PackedPosition.wrap(usedPosition));
  }

  private long nextState() {
    return PackedDesc.stateAcquire(entry(PackedPosition.index(usedPosition)));
  }

  @Override
  public boolean hasUsed() {
    return chains.offeredCount() > 0 && isUsed(nextState());
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
    PackedEvent.enable(driverEvent, eventIdx, usedPosition);
    // The wish before the look: the device stores its descriptors, then looks at the wish.
    RawMemory.fullFence();
    if (!hasUsed()) {
      return true;
    }
    disableCalls();
    return false;
  }

  @Override
  public void disableCalls() {
    PackedEvent.disable(driverEvent);
  }

  @Override
  public int base() {
    return RingFormat.PACKED.base(new QueueState(availPosition, availPosition));
  }
}
