package io.millrace.initiator;

/** Gets the results of a queue's requests, on the thread that polls it. */
@FunctionalInterface
public interface BlkCompletion {
  /**
   * A request is done; may submit the next one.
   *
   * @param token as given at submission
   * @param status of {@link VirtioBlk}
   * @param writtenBytes what the device says it wrote, the status byte included
   */
  void completed(long token, int status, long writtenBytes);
}
