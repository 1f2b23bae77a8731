package io.millrace.vhost.user.server;

import io.millrace.virtqueue.DescriptorChain;

/**
 * How much work one queue may do while others of its reactor have theirs: a deficit round robin.
 * Each look at the queue adds a quantum; what is taken is charged by its data, which somebody will
 * copy on this thread, and by its descriptors, which were walked. A queue that has overdrawn its
 * account is passed over until it has paid, so that one guest with the longest requests there can
 * be costs its neighbours no more than one with short ones. Data-path code, one thread.
 */
final class FairShare {
  /** Bytes of data, or their worth in descriptors, for each look. */
  static final long QUANTUM = 1 << 20;

  /** What a descriptor costs, in bytes that are copied in the same time. */
  static final long DESCRIPTOR = 256;

  private long balance;

  FairShare() {}

  /** The queue is looked at; false when it has to be passed over. */
  boolean hasTurn() {
    balance = Math.min(QUANTUM, balance + QUANTUM);
    return balance > 0;
  }

  /** Bytes will be worked on that are no chain's data. */
  void charge(long bytes) {
    balance -= bytes;
  }

  /**
   * A chain was taken, good or bad.
   *
   * @return whether more may be taken
   */
  boolean charge(DescriptorChain chain) {
    balance -=
        chain.readableBytes() + chain.writableBytes() + DESCRIPTOR * chain.descriptorsWalked();
    return balance > 0;
  }
}
