package io.millrace.virtqueue;

/** What came of looking for a descriptor chain. */
public enum ChainStatus {
  /** A chain was fetched. */
  FETCHED,
  /** The driver has offered no more. */
  EMPTY,
  /** An address in it cannot be translated yet: fetch again later. */
  WAIT,
  /** A descriptor index at or beyond the table's size. */
  BAD_INDEX,
  /** More descriptors than the table has: it loops. */
  TOO_LONG,
  /** Memory that the guest did not share. */
  BAD_ADDRESS,
  /** A descriptor longer than a request can be. */
  BAD_LENGTH,
  /** A readable descriptor behind a writable one (§2.7.4.2). */
  BAD_ORDER,
  /** INDIRECT not negotiated, nested, together with NEXT, or with a bad table size (§2.7.5.3.1). */
  BAD_INDIRECT,
  /**
   * The avail index ran ahead, so that more chains would be out than the queue has descriptors, or
   * an entry names no descriptor.
   */
  BROKEN_RING;

  /** Whether a chain was taken from the ring that cannot be served; it is given back unserved. */
  public boolean isBadChain() {
    return switch (this) {
      case BAD_INDEX, TOO_LONG, BAD_ADDRESS, BAD_LENGTH, BAD_ORDER, BAD_INDIRECT -> true;
      case FETCHED, EMPTY, WAIT, BROKEN_RING -> false;
    };
  }
}
