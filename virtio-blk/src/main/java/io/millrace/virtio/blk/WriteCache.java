package io.millrace.virtio.blk;

import io.millrace.virtqueue.VirtioFeature;

/**
 * The cache mode of one session: {@code writeback} of its configuration space (virtio 1.3 §5.2.5).
 *
 * <p>The control thread sets it; the session's queues look at it for each write. A reset of the
 * device leaves it as it is: QEMU does not look again, and would tell the guest's next driver of a
 * write-through cache that is none.
 */
final class WriteCache {
  private volatile boolean writeback;

  WriteCache(boolean writeback) {
    this.writeback = writeback;
  }

  boolean isWriteback() {
    return writeback;
  }

  void writeback(boolean value) {
    writeback = value;
  }

  /** A driver that can switch the mode but cannot flush starts with write-through. */
  void negotiated(long features) {
    if (VirtioFeature.has(features, BlkFeature.CONFIG_WCE)
        && !VirtioFeature.has(features, BlkFeature.FLUSH)) {
      writeback = false;
    }
  }

  /**
   * Whether a driver relies on writes being durable when they complete (§5.2.6.2): one that cannot
   * flush, or one that switched the cache off.
   *
   * @param features negotiated
   */
  boolean isWriteThrough(long features) {
    if (!VirtioFeature.has(features, BlkFeature.FLUSH)) {
      return true;
    }
    return VirtioFeature.has(features, BlkFeature.CONFIG_WCE) && !writeback;
  }
}
