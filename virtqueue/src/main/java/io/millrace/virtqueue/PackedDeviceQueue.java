package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;
import io.millrace.live.migration.BadInflightException;
import io.millrace.live.migration.PackedInflight;
import org.jspecify.annotations.Nullable;

/**
 * The device side of a packed virtqueue (virtio 1.3 §2.8), with indirect tables and EVENT_IDX.
 *
 * <p>Every field the driver writes is loaded once, into a local, and checked there. A chain is
 * known by its buffer id, which has to be below the queue's size and of no chain that is out: the
 * number of descriptors that the ring goes on by when it is given back is kept here, never read
 * from the ring again.
 */
public final class PackedDeviceQueue implements DeviceQueue {
  private final int size;
  private final boolean eventIdx;
  private final GuestWrites writes;
  private final ChainBuffers buffers;
  private final short[] descriptors; // by buffer id: of a chain that is out, else 0
  private long ring;
  private long driverEvent;
  private long deviceEvent;
  private int availPosition; // next descriptor to take
  private int usedPosition; // next descriptor to write
  private int outDescriptors; // of chains that were fetched and not given back
  private int completed; // descriptors since the driver was shown any
  private int undecided; // since it was looked whether the driver wants to be notified
  private int firstIndex; // of the batch: held back until it is shown
  private long firstState;
  private boolean waiting; // the walk of the chain fetched last stands at an unknown address
  private boolean moved; // since that walk began
  private ChainStatus refusal = ChainStatus.FETCHED; // of the chain being walked, if it is bad
  private final @Nullable PackedInflight inflight;
  private final short[] entries; // by buffer id: of the region
  private @Nullable PackedUnfinished unfinished; // null when all was fetched again

  /**
   * Starts a queue where its state says, with notifications disabled.
   *
   * @param features the negotiated ones
   * @param state of the packed format
   * @param writes told of every store
   */
  public PackedDeviceQueue(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes) {
    this(layout, translation, features, state, writes, null);
  }

  private PackedDeviceQueue(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes,
      @Nullable PackedInflight inflight) {
    this.inflight = inflight;
    this.entries = new short[inflight == null ? 0 : layout.size()];
    this.unfinished = inflight == null ? null : PackedUnfinished.of(inflight);
    this.size = layout.size();
    this.eventIdx = VirtioFeature.has(features, VirtioFeature.EVENT_IDX);
    this.writes = writes;
    this.buffers = new ChainBuffers(features, translation);
    this.descriptors = new short[size];
    this.ring = layout.desc();
    this.driverEvent = layout.avail();
    this.deviceEvent = layout.used();
    this.availPosition = state.availIndex();
    this.usedPosition = state.usedIndex();
    disableNotifications();
  }

  /** Starts a queue where its state says or, if it has been of use, its part of the region. */
  static PackedDeviceQueue open(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes,
      InflightPlace place)
      throws BadInflightException {
    if (place.address() == 0) {
      return new PackedDeviceQueue(layout, translation, features, state, writes);
    }
    PackedInflight inflight =
        PackedInflight.open(
            place.address(),
            layout.size(),
            state.usedIndex(),
            index -> {
              long entry = layout.desc() + (long) index * PackedDesc.SIZE;
              return PackedDesc.flags(PackedDesc.stateAcquire(entry));
            });
    QueueState stand = new QueueState(inflight.availPosition(), inflight.usedPosition());
    PackedDeviceQueue queue =
        new PackedDeviceQueue(layout, translation, features, stand, writes, inflight);
    queue.takeBackUnpublished();
    return queue;
  }

  /**
   * A back-end that died amid a batch may have written all of it but the first descriptor, which
   * alone shows the rest: used when the first is, for whichever chain. They are available again.
   */
  private void takeBackUnpublished() {
    int position = usedPosition;
    while (position != availPosition) {
      long entry = entry(PackedPosition.index(position));
      long state = PackedDesc.stateAcquire(entry);
      int wrap = PackedPosition.wrap(position);
      if (PackedDesc.isUsed(state, wrap)) {
        long length = PackedDesc.len(state);
        PackedDesc.state(
            entry, PackedDesc.state(length, PackedDesc.id(state), PackedDesc.availFlags(wrap)));
        writes.wrote(PackedDesc.stateAddress(entry), Long.BYTES);
      }
      position = PackedPosition.plus(position, 1, size);
    }
  }

  @Override
  public int size() {
    return size;
  }

  private long entry(int index) {
    return ring + (long) index * PackedDesc.SIZE;
  }

  private long nextStateAcquire() {
    return PackedDesc.stateAcquire(entry(PackedPosition.index(availPosition)));
  }

  private boolean isAvailable(long state) {
    return PackedDesc.isAvailable(state, PackedPosition.wrap(availPosition));
  }

  @Override
  public ChainStatus fetch(DescriptorChain chain) {
    if (waiting && !moved && inflight == null) {
      return chain.indirect ? goOnInTable(chain) : walk(chain, loadNext(chain));
    }
    // Anew also where the walk waited under another map: what it found so far is of that one; and
    // where there is a region: its free list changes with what is given back meanwhile.
    waiting = false;
    moved = false;
    PackedUnfinished from = unfinished;
    if (from != null) {
      return fetchAgain(chain, from);
    }
    long state = nextStateAcquire();
    if (!isAvailable(state)) {
      return ChainStatus.EMPTY;
    }
    refusal = ChainStatus.FETCHED;
    int index = PackedPosition.index(availPosition);
    chain.prefetchAnswer(outDescriptors == 0 ? entry(index) : 0); // it takes the place of the chain
    chain.begin(index, 0, 0);
    PackedInflight tracked = inflight;
    if (tracked != null) {
      tracked.begin();
    }
    return walk(chain, state);
  }

  /** Has the region know a descriptor of the chain that is being walked. */
  private void note(long address, long state) {
    PackedInflight tracked = inflight;
    if (tracked != null) {
      tracked.add(address, PackedDesc.len(state), PackedDesc.flags(state), PackedDesc.id(state));
    }
  }

  private long loadNext(DescriptorChain chain) {
    return PackedDesc.stateAcquire(entry(chain.nextIndex));
  }

  /**
   * Follows a chain through the ring from where it stands, to the end even when something is wrong
   * with it: behind it the next one begins. {@code seen} counts its descriptors.
   *
   * @param first of the descriptor it stands at; loaded once
   */
  private ChainStatus walk(DescriptorChain chain, long first) {
    for (long state = first; ; state = loadNext(chain)) {
      if (chain.seen == size - outDescriptors) {
        return ChainStatus.BROKEN_RING; // more descriptors than the driver can have made available
      }
      chain.walked++;
      int flags = PackedDesc.flags(state);
      long address = PackedDesc.addr(entry(chain.nextIndex));
      if (refusal == ChainStatus.FETCHED && (flags & PackedDesc.F_INDIRECT) != 0) {
        ChainStatus status = enterTable(chain, address, state);
        if (status != ChainStatus.EMPTY) {
          return status;
        }
      } else if (refusal == ChainStatus.FETCHED) {
        long bytes = PackedDesc.len(state);
        ChainStatus status = buffers.add(chain, address, bytes, (flags & PackedDesc.F_WRITE) != 0);
        if (status == ChainStatus.WAIT) {
          waiting = true;
          return status;
        }
        refuseUnlessEmpty(status);
      }
      note(address, state);
      chain.seen++;
      chain.nextIndex = chain.nextIndex + 1 == size ? 0 : chain.nextIndex + 1;
      if ((flags & PackedDesc.F_NEXT) == 0) {
        return finish(chain, PackedDesc.id(state), chain.seen);
      }
    }
  }

  private void refuseUnlessEmpty(ChainStatus status) {
    if (status != ChainStatus.EMPTY) {
      refusal = status;
    }
  }

  /** An indirect descriptor is a chain of its own (§2.8.19); EMPTY elsewhere, which spoils it. */
  private ChainStatus enterTable(DescriptorChain chain, long address, long state) {
    boolean misplaced = chain.seen > 0 || (PackedDesc.flags(state) & PackedDesc.F_NEXT) != 0;
    ChainStatus status = buffers.enterTable(chain, address, PackedDesc.len(state), misplaced);
    if (status == ChainStatus.EMPTY) {
      chain.head(PackedDesc.id(state));
      note(address, state);
      return goOnInTable(chain);
    }
    if (status == ChainStatus.WAIT) {
      waiting = true;
      return status;
    }
    refusal = status;
    return ChainStatus.EMPTY;
  }

  private ChainStatus goOnInTable(DescriptorChain chain) {
    ChainStatus status = PackedTable.follow(chain, buffers);
    if (status == ChainStatus.WAIT) {
      waiting = true;
      return status;
    }
    refuseUnlessEmpty(status);
    return finish(chain, chain.head(), 1);
  }

  /** A chain that was in flight when a back-end died. */
  private ChainStatus fetchAgain(DescriptorChain chain, PackedUnfinished from) {
    ChainStatus status = from.fetch(chain, buffers);
    if (status != ChainStatus.WAIT) {
      out(chain.head(), from.descriptors(), from.entry());
      unfinished = from.isEmpty() ? null : from;
    }
    return status;
  }

  /** The chain is taken from the ring. */
  private ChainStatus finish(DescriptorChain chain, int id, int count) {
    waiting = false;
    if (id >= size || descriptors[id] != 0) {
      return ChainStatus.BROKEN_RING; // it could not be given back
    }
    chain.head(id);
    PackedInflight tracked = inflight;
    out(id, count, tracked == null ? 0 : tracked.end());
    availPosition = PackedPosition.plus(availPosition, count, size);
    return refusal;
  }

  private void out(int id, int count, int entry) {
    descriptors[id] = (short) count;
    outDescriptors += count;
    if (inflight != null) {
      entries[id] = (short) entry;
    }
  }

  @Override
  public boolean hasMore() {
    return unfinished != null || (!waiting && isAvailable(nextStateAcquire()));
  }

  @Override
  public void milestone(int head, int value) {
    if (inflight != null) {
      inflight.milestone(entries[head] & 0xffff, value);
    }
  }

  @Override
  public void complete(int head, long writtenBytes) {
    int count = descriptors[head] & 0xffff;
    assert count > 0 : "chain " + head + " is not out";
    descriptors[head] = 0;
    outDescriptors -= count;
    int flags =
        PackedDesc.usedFlags(PackedPosition.wrap(usedPosition))
            | (writtenBytes == 0 ? 0 : PackedDesc.F_WRITE);
    long state = PackedDesc.state(writtenBytes, head, flags);
    int index = PackedPosition.index(usedPosition);
    if (completed == 0) {
      firstIndex = index;
      firstState = state;
    } else {
      // The driver does not look at it before it has seen the first.
      PackedDesc.state(entry(index), state);
      writes.wroteAmong(PackedDesc.stateAddress(entry(index)), Long.BYTES);
    }
    usedPosition = PackedPosition.plus(usedPosition, count, size);
    completed += count;
    PackedInflight tracked = inflight;
    if (tracked != null) {
      tracked.used(entries[head] & 0xffff);
    }
  }

  @Override
  public void show() {
    if (completed == 0) {
      return;
    }
    undecided = Math.min(size, undecided + completed);
    completed = 0;
    PackedInflight tracked = inflight;
    if (tracked != null) {
      tracked.publishing(usedPosition);
    }
    writes.flush();
    // Release: the rest of the batch before its first descriptor.
    PackedDesc.stateRelease(entry(firstIndex), firstState);
    writes.wrote(PackedDesc.stateAddress(entry(firstIndex)), Long.BYTES);
    if (tracked != null) {
      tracked.published();
    }
  }

  @Override
  public boolean publish() {
    show();
    int count = undecided;
    if (count == 0) {
      return false;
    }
    undecided = 0;
    // The descriptors before the look at what the driver wants: it does the opposite.
    RawMemory.fullFence();
    return PackedEvent.isWanted(driverEvent, eventIdx, usedPosition, count, size);
  }

  @Override
  public boolean enableNotifications() {
    PackedEvent.enable(deviceEvent, eventIdx, availPosition);
    writes.wrote(deviceEvent, PackedEvent.BYTES);
    // The wish before the look: the driver stores its descriptors, then looks at the wish.
    RawMemory.fullFence();
    if (!hasMore()) {
      return true;
    }
    disableNotifications();
    return false;
  }

  @Override
  public void disableNotifications() {
    PackedEvent.disable(deviceEvent);
    writes.wrote(deviceEvent, PackedEvent.BYTES);
  }

  @Override
  public QueueState state() {
    return new QueueState(availPosition, usedPosition);
  }

  @Override
  public boolean hasUnfinished() {
    return unfinished != null;
  }

  @Override
  public void stopped() {
    if (inflight != null) {
      inflight.stopped();
    }
  }

  @Override
  public void relocate(VringLayout layout, AddressTranslation translation) {
    ring = layout.desc();
    driverEvent = layout.avail();
    deviceEvent = layout.used();
    buffers.translation(translation);
    moved = waiting;
  }
}
