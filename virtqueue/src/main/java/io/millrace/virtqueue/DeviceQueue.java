package io.millrace.virtqueue;

import io.millrace.live.migration.BadInflightException;
import org.jspecify.annotations.Nullable;

/**
 * The ring engine as a device sees it: fetch chains, give them back in batches. No ring index is
 * known outside an implementation; one exists for each layout. One thread's.
 */
public interface DeviceQueue {
  /** Gets the chains of a batch. */
  @FunctionalInterface
  interface ChainTaker {
    /**
     * A chain was taken from the ring.
     *
     * @param chain valid during the call only
     * @param status FETCHED, or what is wrong with it
     * @return whether to take more
     */
    boolean taken(DescriptorChain chain, ChainStatus status);
  }

  /**
   * Starts a queue where a front-end says, in the format that the features ask for, with
   * notifications disabled.
   *
   * @param features the negotiated ones
   * @param base as SET_VRING_BASE gave it, any value
   * @param writes told of every store
   * @return null if the ring cannot stand there
   */
  static @Nullable DeviceQueue open(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      int base,
      GuestWrites writes) {
    try {
      return open(layout, translation, features, base, writes, InflightPlace.NONE);
    } catch (BadInflightException e) {
      throw new IllegalStateException("there is no in-flight region", e);
    }
  }

  /**
   * As without a region, and has that know what is in flight. If the region was of use before, it
   * says where the queue stands, whatever the base is: what it has in flight is fetched again
   * first, in its old order.
   *
   * @param inflight the queue's part of the region
   * @throws BadInflightException it makes no sense; nothing was written
   */
  static @Nullable DeviceQueue open(
      VringLayout layout,
      AddressTranslation translation,
      long features,
      int base,
      GuestWrites writes,
      InflightPlace inflight)
      throws BadInflightException {
    RingFormat format = RingFormat.of(features);
    QueueState state = format.start(base, layout);
    if (state == null) {
      return null;
    }
    DeviceQueue queue =
        switch (format) {
          case SPLIT ->
              SplitDeviceQueue.open(layout, translation, features, state, writes, inflight);
          case PACKED ->
              PackedDeviceQueue.open(layout, translation, features, state, writes, inflight);
        };
    return VirtioFeature.has(features, VirtioFeature.IN_ORDER) ? new InOrderQueue(queue) : queue;
  }

  /** Descriptors of the ring: also the most chains that can be out at once. */
  int size();

  /**
   * Takes the next chain the driver offered.
   *
   * @param chain filled on FETCHED; on a bad chain its head is valid, to be given back by {@link
   *     #complete} with 0 bytes; on WAIT to be handed in again as it is
   */
  ChainStatus fetch(DescriptorChain chain);

  /**
   * Takes chains the driver offered, as {@link #fetch} does, until there are no more, one must
   * wait, or the taker has enough.
   *
   * <p>Asked once for a batch, so that what happens for each chain is compiled for one format.
   *
   * @param chain the queue's, always the same one
   * @param most chains to take, 1 or more
   * @param taker gets each of them, the bad ones too
   * @return why it ended: EMPTY, WAIT, BROKEN_RING, or FETCHED when there may be more
   */
  default ChainStatus fetchBatch(DescriptorChain chain, int most, ChainTaker taker) {
    for (int i = 0; i < most; i++) {
      ChainStatus status = fetch(chain);
      if (status != ChainStatus.FETCHED && !status.isBadChain()) {
        return status;
      }
      if (!taker.taken(chain, status)) {
        break;
      }
    }
    return ChainStatus.FETCHED;
  }

  /**
   * Has the in-flight region, if there is one, know how far a chain is: whoever fetches it again is
   * told by {@link DescriptorChain#milestone}.
   *
   * @param head of a chain that is out
   * @param value 0 to 255, the device's own
   */
  void milestone(int head, int value);

  /**
   * Gives a chain back. The driver sees it after {@link #show} or {@link #publish}.
   *
   * @param head the chain's
   * @param writtenBytes bytes stored into its writable part, counted from its start (§2.7.8.2)
   */
  void complete(int head, long writtenBytes);

  /**
   * Shows a driver that polls everything completed so far. Whether one that sleeps is to be
   * notified of it, the next {@link #publish} tells.
   */
  void show();

  /**
   * Shows the driver everything completed so far.
   *
   * @return whether the driver wants to be notified of anything completed since the last call
   */
  boolean publish();

  /**
   * Asks the driver to notify from now on, then looks again.
   *
   * @return false if there is a chain to fetch already; notifications are off again then
   */
  boolean enableNotifications();

  /** Asks the driver not to notify: the ring is polled. */
  void disableNotifications();

  /**
   * Where the queue stands; everything fetched was given back and published. A chain that waits was
   * not fetched.
   */
  QueueState state();

  /**
   * Whether a look at the ring finds one more chain now. May say so of a ring that is broken;
   * {@link #fetch} tells.
   */
  boolean hasMore();

  /** How many chains there are that the next fetches need not look for, at least. */
  default int knownCount() {
    return 0;
  }

  /**
   * Whether something was in flight when a back-end before this one died, and was not fetched again
   * yet: only the queue knows of it, so it may not stop.
   */
  boolean hasUnfinished();

  /** The front-end stopped the queue, with nothing in flight: it starts where that says, later. */
  void stopped();

  /**
   * Goes on with another memory map, between two fetches. A chain that waits is walked anew; those
   * fetched before still point where they did.
   *
   * @param layout where the ring is now
   */
  void relocate(VringLayout layout, AddressTranslation translation);
}
