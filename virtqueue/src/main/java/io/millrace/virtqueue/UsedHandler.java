package io.millrace.virtqueue;

/** Gets the chains that a device is done with. */
@FunctionalInterface
public interface UsedHandler {
  /**
   * A chain came back.
   *
   * @param head names the chain, as {@link SplitDriverRing#begin} returned it
   * @param writtenBytes as the device says, unchecked
   */
  void used(int head, long writtenBytes);
}
