package io.millrace.virtqueue;

/**
 * Told of every store into guest memory: payload, status, used ring, event fields. {@link
 * SwitchedWrites} has a dirty-page log know of it while a guest migrates.
 */
@FunctionalInterface
public interface GuestWrites {
  /**
   * Bytes were stored. Called after the store, on the queue's thread, before the guest is told.
   *
   * @param hostAddress of the first byte
   * @param bytes 1 or more
   */
  void wrote(long hostAddress, long bytes);

  /**
   * As {@link #wrote}, for many stores: they may be told of together, before {@link #flush}
   * returns.
   */
  default void wroteAmong(long hostAddress, long bytes) {
    wrote(hostAddress, bytes);
  }

  /** Tells of all that {@link #wroteAmong} put off; called before the guest is told. */
  default void flush() {
    // Nothing is put off where nothing is saved by it.
  }

  /**
   * Whether each store costs a mark, so that those which only prepare another do not pay. As long
   * as none does, nobody writes them down: payload need not be told of.
   */
  default boolean costs() {
    return false;
  }
}
