package io.millrace.virtqueue;

/**
 * From an address the other side gave to one of this process. One queue's, used by its thread.
 *
 * <p>Answers are host addresses, which are positive, or one of the codes here.
 */
public interface AddressTranslation {
  /** No shared memory there. */
  long NOT_MAPPED = -1;

  /** Mapped at its start, but goes on in another region: take {@link #contiguous} and go on. */
  long SPANS = -2;

  /** Not known yet; ask again later (an IOMMU miss). */
  long WAIT = -3;

  /**
   * Translates a guest address range.
   *
   * @param address any value
   * @param bytes 1 to 2^32
   */
  long translate(long address, long bytes);

  /**
   * The same, where the answer is at hand, and does not take a call.
   *
   * @return a host address, or a negative number: then {@link #translate} tells
   */
  default long known(long address, long bytes) {
    return NOT_MAPPED;
  }

  /**
   * How many bytes from a mapped guest address on are contiguous here.
   *
   * @param address one that {@link #translate} answered SPANS for
   */
  long contiguous(long address);

  /**
   * Translates the address of a ring, which must be contiguous here.
   *
   * @param address as SET_VRING_ADDR gave it: a front-end's user address
   * @param bytes 1 to 2^32
   */
  long translateRing(long address, long bytes);
}
