package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;
import io.millrace.live.migration.BadInflightException;
import io.millrace.live.migration.SplitInflight;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The device side of a split virtqueue (virtio 1.3 §2.7), with indirect tables and EVENT_IDX.
 *
 * <p>Every field the driver writes is loaded once, into a local, and checked there.
 */
public final class SplitDeviceQueue implements DeviceQueue {
  /** While polling, {@code avail_event} is kept this far ahead, where the driver does not get. */
  private static final int EVENT_FAR_AHEAD = 0x8000;

  private final int size;
  private final int mask;
  private final boolean eventIdx;
  private final boolean notifyOnEmpty;
  private final GuestWrites writes;
  private final ChainBuffers buffers;
  private final SplitWalk walk;
  private final ExpectedChain expected = new ExpectedChain();
  private long desc;
  private long avail;
  private long used;
  private int lastAvail; // next avail entry to take
  private int seenAvail; // avail.idx when last looked at
  private int usedIdx; // next used entry to fill
  private int publishedIdx; // used.idx as the driver sees it
  private int decidedIdx; // up to which it was looked whether the driver wants to be notified
  private int availEvent;
  private int outCount; // chains fetched and not given back
  private boolean waiting; // the walk of the chain fetched last stands at an unknown address
  private boolean moved; // since that walk began
  private boolean notificationsEnabled;
  private final @Nullable SplitInflight inflight;
  private int again; // chains in flight when a back-end died, that are still to be fetched again

  /**
   * Starts a queue where its state says, with notifications disabled.
   *
   * @param features the negotiated ones
   * @param writes told of every store
   */
  public SplitDeviceQueue(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes) {
    this(layout, translation, features, state, writes, null);
  }

  private SplitDeviceQueue(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes,
      @Nullable SplitInflight inflight) {
    this.inflight = inflight;
    this.again = inflight == null ? 0 : inflight.recoveredCount();
    this.size = layout.size();
    this.mask = size - 1;
    this.eventIdx = VirtioFeature.has(features, VirtioFeature.EVENT_IDX);
    this.notifyOnEmpty = VirtioFeature.has(features, VirtioFeature.NOTIFY_ON_EMPTY);
    this.writes = writes;
    this.buffers = new ChainBuffers(features, translation);
    this.walk = new SplitWalk(buffers);
    this.desc = layout.desc();
    this.avail = layout.avail();
    this.used = layout.used();
    this.lastAvail = state.availIndex();
    this.seenAvail = lastAvail;
    this.usedIdx = state.usedIndex();
    this.publishedIdx = usedIdx;
    this.decidedIdx = usedIdx;
    disableNotifications();
  }

  /** Starts a queue where its state says or, if it has been of use, its part of the region. */
  static SplitDeviceQueue open(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      QueueState state,
      GuestWrites writes,
      InflightPlace place)
      throws BadInflightException {
    if (place.address() == 0) {
      return new SplitDeviceQueue(layout, translation, features, state, writes);
    }
    SplitInflight inflight = SplitInflight.open(place.address(), layout.size(), state.usedIndex());
    QueueState stand =
        inflight.isFresh() ? state : new QueueState(inflight.availIndex(), state.usedIndex());
    return new SplitDeviceQueue(layout, translation, features, stand, writes, inflight);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public ChainStatus fetch(DescriptorChain chain) {
    if (waiting) {
      if (moved) {
        moved = false;
        chain.restart(desc, size); // what it found so far is of the former map
      }
      return walk(chain);
    }
    if (again > 0) {
      return fetchAgain(chain);
    }
    if (lastAvail == seenAvail) {
      int idx = VirtqAvail.idxAcquire(avail);
      if (idx == lastAvail) {
        return ChainStatus.EMPTY;
      }
      // Each chain has a descriptor of its own, those that are out too.
      int offered = (idx - lastAvail) & 0xffff;
      if (offered > size - outCount) {
        return ChainStatus.BROKEN_RING;
      }
      seenAvail = idx;
      if (offered == 1) {
        expected.touch(desc, mask, chain, outCount == 0 ? nextElement() : 0);
      }
    }
    int head = VirtqAvail.ring(avail, lastAvail & mask);
    if (head >= size) {
      return ChainStatus.BROKEN_RING;
    }
    lastAvail = (lastAvail + 1) & 0xffff;
    expected.was(head);
    SplitInflight tracked = inflight;
    if (tracked != null) {
      tracked.fetched(head);
    }
    outCount++;
    chain.begin(head, desc, size);
    return walk(chain);
  }

  /** A chain that was in flight, and was taken from the available ring before. */
  private ChainStatus fetchAgain(DescriptorChain chain) {
    SplitInflight tracked = Objects.requireNonNull(inflight);
    int index = tracked.recoveredCount() - again;
    again--;
    outCount++;
    chain.begin(tracked.recoveredHead(index), desc, size);
    chain.fetchedAgain(tracked.recoveredMilestone(index));
    return walk(chain);
  }

  private ChainStatus walk(DescriptorChain chain) {
    ChainStatus status = walk.follow(chain);
    waiting = status == ChainStatus.WAIT;
    return status;
  }

  private long nextElement() {
    return VirtqUsed.elementAddress(used, usedIdx & mask);
  }

  @Override
  public boolean hasMore() {
    return lastAvail != seenAvail || VirtqAvail.idxAcquire(avail) != lastAvail || again > 0;
  }

  @Override
  public int knownCount() {
    return (seenAvail - lastAvail) & 0xffff;
  }

  @Override
  public void milestone(int head, int value) {
    SplitInflight tracked = inflight;
    if (tracked != null) {
      tracked.milestone(head, value);
    }
  }

  @Override
  public void complete(int head, long writtenBytes) {
    assert outCount > 0 : "chain " + head + " is not out";
    outCount--;
    long element = nextElement();
    RawMemory.putLong(element, head | writtenBytes << 32);
    writes.wroteAmong(element, VirtqUsed.ELEMENT);
    usedIdx = (usedIdx + 1) & 0xffff;
    SplitInflight tracked = inflight;
    if (tracked != null) {
      tracked.used(head);
    }
  }

  @Override
  public void show() {
    if (usedIdx == publishedIdx) {
      return;
    }
    publishedIdx = usedIdx;
    writes.flush();
    long idxAddress = VirtqUsed.idxAddress(used);
    // Release: the elements before the index that covers them.
    RawMemory.putShortRelease(idxAddress, (short) usedIdx);
    writes.wrote(idxAddress, 2);
    SplitInflight tracked = inflight;
    if (tracked != null) {
      tracked.published(usedIdx);
    }
  }

  @Override
  public boolean publish() {
    show();
    if (publishedIdx == decidedIdx) {
      return false;
    }
    int before = decidedIdx;
    decidedIdx = publishedIdx;
    if (eventIdx && !notificationsEnabled && ((availEvent - lastAvail) & 0xffff) < 0x4000) {
      availEvent(lastAvail + EVENT_FAR_AHEAD);
    }
    // The index before the look at what the driver wants: it does the opposite, or neither sees.
    RawMemory.fullFence();
    if (eventIdx) {
      int event = VirtqAvail.usedEvent(avail, size);
      return needEvent(event, usedIdx, before) || isEmptyWithNotice();
    }
    return (VirtqAvail.flags(avail) & VirtqAvail.F_NO_INTERRUPT) == 0 || isEmptyWithNotice();
  }

  /** NOTIFY_ON_EMPTY: whatever else it wished, the driver hears of the last chain (§6.3). */
  private boolean isEmptyWithNotice() {
    return notifyOnEmpty && outCount == 0 && VirtqAvail.idxAcquire(avail) == lastAvail;
  }

  /** {@code vring_need_event}, §2.7.7.2: whether going from old to now passed the event. */
  static boolean needEvent(int event, int now, int old) {
    return ((now - event - 1) & 0xffff) < ((now - old) & 0xffff);
  }

  @Override
  public boolean enableNotifications() {
    notificationsEnabled = true;
    if (eventIdx) {
      availEvent(lastAvail);
    } else {
      flags(0);
    }
    // The wish before the look: the driver stores its index, then looks at the wish.
    RawMemory.fullFence();
    if (!hasMore()) {
      return true;
    }
    disableNotifications();
    return false;
  }

  @Override
  public void disableNotifications() {
    notificationsEnabled = false;
    if (eventIdx) {
      availEvent(lastAvail + EVENT_FAR_AHEAD);
    } else {
      flags(VirtqUsed.F_NO_NOTIFY);
    }
  }

  private void availEvent(int index) {
    availEvent = index & 0xffff;
    long address = VirtqUsed.availEventAddress(used, size);
    RawMemory.putShort(address, (short) index);
    writes.wrote(address, 2);
  }

  private void flags(int flags) {
    long address = VirtqUsed.flagsAddress(used);
    RawMemory.putShort(address, (short) flags);
    writes.wrote(address, 2);
  }

  @Override
  public QueueState state() {
    // A chain whose walk waits was not fetched: whoever goes on takes it from the ring again.
    return new QueueState((lastAvail - (waiting ? 1 : 0)) & 0xffff, publishedIdx);
  }

  @Override
  public boolean hasUnfinished() {
    return again > 0 || (waiting && inflight != null);
  }

  @Override
  public void stopped() {
    SplitInflight tracked = inflight;
    if (tracked != null) {
      tracked.stopped();
    }
  }

  @Override
  public void relocate(VringLayout layout, AddressTranslation translation) {
    desc = layout.desc();
    avail = layout.avail();
    used = layout.used();
    buffers.translation(translation);
    expected.forget();
    moved = waiting;
  }
}
