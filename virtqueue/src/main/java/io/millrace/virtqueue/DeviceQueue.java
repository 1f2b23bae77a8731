package io.millrace.virtqueue;

/**
 * The ring engine as a device sees it: fetch chains, give them back in batches. No ring index is
 * known outside an implementation; one exists for each layout. One thread's.
 */
public interface DeviceQueue {
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
   * Gives a chain back. The driver sees it after {@link #publish}.
   *
   * @param head the chain's
   * @param writtenBytes bytes stored into its writable part, counted from its start (§2.7.8.2)
   */
  void complete(int head, long writtenBytes);

  /**
   * Shows the driver everything completed since the last call.
   *
   * @return whether the driver wants to be notified of it
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
   * Goes on with another memory map, between two fetches. A chain that waits is walked anew; those
   * fetched before still point where they did.
   *
   * @param layout where the ring is now
   */
  void relocate(VringLayout layout, AddressTranslation translation);
}
