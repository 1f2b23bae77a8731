package io.millrace.vhost.user.server;

import io.millrace.virtqueue.DescriptorChain;

/**
 * How much work one queue may do while others of its reactor have theirs: a deficit round robin.
 * Each look at the queue adds a quantum; work is charged by the data, which somebody will copy on
 * this thread, and by the descriptors, which were walked. A queue that has overdrawn its account is
 * passed over until it has paid, so that one guest with the longest requests there can be costs its
 * neighbours no more than one with short ones. Data-path code, one thread.
 */
final class FairShare {
  /**
   * Bytes of data, or their worth in descriptors, for each look: a batch of 32 ordinary requests of
   * 4 KiB, so that a queue with these is never passed over.
   */
  static final long QUANTUM = 160 << 10;

  /** What a descriptor costs, in bytes that are copied in the same time. */
  static final long DESCRIPTOR = 256;

  private long balance;
  private long granted; // in all, but for what was forfeited: less the balance, what was spent

  FairShare() {}

  /** The queue is looked at; false when it has to be passed over. */
  boolean hasTurn() {
    long before = balance;
    balance = Math.min(QUANTUM, before + QUANTUM);
    granted += balance - before;
    return balance > 0;
  }

  /** All that was charged so far. Any thread, approximately. */
  long spent() {
    return granted - balance;
  }

  /** Work was done, or will be in this turn: bytes of data. */
  void charge(long bytes) {
    balance -= bytes;
  }

  /** A chain was walked, good or bad. */
  void charge(DescriptorChain chain) {
    balance -= DESCRIPTOR * chain.descriptorsWalked();
  }

  /** Whether there is something left for more. */
  boolean isLeft() {
    return balance > 0;
  }
}
