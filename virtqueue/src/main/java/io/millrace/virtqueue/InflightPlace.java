package io.millrace.virtqueue;

/**
 * Where a queue keeps what is in flight, for a back-end that goes on after this one has died
 * ("Inflight I/O tracking" in vhost-user.rst).
 *
 * @param address host address of the queue's part of the region, aligned to 64; 0 for none
 */
public record InflightPlace(long address) {
  /** Nothing is kept. */
  public static final InflightPlace NONE = new InflightPlace(0);
}
