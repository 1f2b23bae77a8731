package io.millrace.virtqueue;

/**
 * The driver side of a virtqueue. One exists for each format. Data-path code, one thread.
 *
 * <p>A chain is built once ({@link #begin}, {@link #add} for each buffer), offered ({@link #offer},
 * then {@link #publish} for the batch), comes back through {@link #reap}, and stays built: the
 * owner offers it again as it is, or gives its descriptors back ({@link #free}). Nothing is
 * believed that the device wrote before it is checked.
 */
public interface DriverRing {
  /** {@link #begin}: not enough free descriptors. */
  int NONE = -1;

  /**
   * Starts a ring that nobody else uses yet, at its beginning, with calls disabled; its memory is
   * cleared.
   *
   * @param layout in memory that the device sees
   * @param features the negotiated ones
   * @param tables room for indirect tables, or {@link IndirectTables#NONE}
   */
  static DriverRing open(VringLayout layout, long features, IndirectTables tables) {
    return switch (RingFormat.of(features)) {
      case SPLIT -> new SplitDriverRing(layout, features, tables);
      case PACKED -> new PackedDriverRing(layout, features, tables);
    };
  }

  /** Where the ring lies. */
  VringLayout layout();

  /** Number of descriptors in the ring. */
  int size();

  /** Descriptors that no chain has. */
  int freeCount();

  /**
   * Starts building a chain.
   *
   * @param buffers how many {@link #add} will follow, 1 or more; with two and more an indirect
   *     table is used if there is one large enough
   * @return the chain's head, which names it from now on, or {@link #NONE}
   */
  int begin(int buffers);

  /**
   * Adds a buffer to the chain being built; those that the device reads come first (virtio 1.3
   * §2.7.4.2).
   *
   * @param guestAddress of the buffer, as the device knows it
   * @param bytes its length
   * @param writable whether the device writes it
   */
  void add(long guestAddress, int bytes, boolean writable);

  /**
   * Puts a chain into the ring; the device sees it after {@link #publish}.
   *
   * @param chain head of a chain that is built and not offered
   */
  void offer(int chain);

  /**
   * Makes what was offered visible to the device.
   *
   * @return whether the device wants to be kicked for it
   */
  boolean publish();

  /**
   * Takes chains that the device is done with. They stay built: offer them again or free them.
   *
   * @param handler called for each, may offer and free
   * @param max most to take
   * @return how many were taken
   */
  int reap(UsedHandler handler, int max);

  /** Whether the device is done with something that nobody took yet. */
  boolean hasUsed();

  /** Chains that are with the device. */
  int inFlightCount();

  /** Whether the device returned what it never got; nothing is reaped any more. */
  boolean isBroken();

  /**
   * Gives a chain's descriptors back.
   *
   * @param chain head of a chain that is built and not offered
   */
  void free(int chain);

  /**
   * Asks for a call at the next used chain.
   *
   * @return false when there is one already: calls stay disabled, reap first
   */
  boolean enableCalls();

  /** Asks for no calls, as far as the device listens: it is polled. */
  void disableCalls();

  /** What GET_VRING_BASE has to answer once the device gave back all that was offered. */
  int base();
}
