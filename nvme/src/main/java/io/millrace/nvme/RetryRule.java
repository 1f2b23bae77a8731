package io.millrace.nvme;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How often a command is tried again, and when.
 *
 * @param most tries after the first
 * @param delaysMillis what the controller's retry delays 1 to 3 mean (CRDT of its identify data)
 */
record RetryRule(int most, List<Integer> delaysMillis) {
  /** Nothing is tried again. */
  static final RetryRule NONE = new RetryRule(0, List.of(0, 0, 0));

  /**
   * Whether a command that ended so is to be tried again.
   *
   * @param late whether it was aborted because it took too long
   */
  boolean applies(int status, int retries, boolean late) {
    boolean aborted = late && NvmeStatus.code(status) == NvmeStatus.ABORTED_BY_REQUEST;
    return retries < most && (aborted || NvmeStatus.isRetryable(status));
  }

  /** How long to wait before, in nanoseconds. */
  long delayNanos(int status) {
    int delay = NvmeStatus.retryDelay(status);
    return delay == 0 ? 0 : TimeUnit.MILLISECONDS.toNanos(delaysMillis.get(delay - 1));
  }
}
