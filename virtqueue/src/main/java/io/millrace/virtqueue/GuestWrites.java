package io.millrace.virtqueue;

/**
 * Told of every store into guest memory: payload, status, used ring, event fields. {@link
 * SwitchedWrites} has a dirty-page log know of it while a guest migrates.
 */
@FunctionalInterface
public interface GuestWrites {
  /** Nobody wants to know. */
  GuestWrites UNTRACKED = (hostAddress, bytes) -> {};

  /**
   * Bytes were stored. Called after the store, on the queue's thread, before the guest is told.
   *
   * @param hostAddress of the first byte
   * @param bytes 1 or more
   */
  void wrote(long hostAddress, long bytes);
}
