package io.millrace.nvme;

import java.time.Duration;

/**
 * How a controller is driven.
 *
 * @param timeout how long an I/O command may take before it is aborted, and as long again before
 *     the controller is reset
 * @param adminTimeout the same for admin commands, which are not aborted
 * @param retries how often a command that may be retried is
 * @param queueEntries entries of an I/O queue, 2 to 1024; fewer if the controller has fewer
 * @param queues most I/O queue pairs to ask for
 * @param interrupts whether the controller may send interrupts, so that reactors can sleep
 * @param shadowDoorbells whether doorbells go to memory where the controller has that
 * @param resets how often bringing a controller up is tried before it counts as failed
 */
public record ControllerOptions(
    Duration timeout,
    Duration adminTimeout,
    int retries,
    int queueEntries,
    int queues,
    boolean interrupts,
    boolean shadowDoorbells,
    int resets) {
  /** What suits almost everybody. */
  public static final ControllerOptions DEFAULTS =
      new ControllerOptions(
          Duration.ofSeconds(30), Duration.ofSeconds(60), 3, 256, 64, true, true, 3);

  /** Refuses what cannot be. */
  public ControllerOptions {
    if (queueEntries < 2 || queueEntries > CommandSlots.MAX) {
      throw new IllegalArgumentException(
          "a queue has 2 to " + CommandSlots.MAX + " entries, not " + queueEntries);
    }
    if (queues < 1 || resets < 1 || retries < 0 || !positive(timeout) || !positive(adminTimeout)) {
      throw new IllegalArgumentException("impossible options");
    }
  }

  private static boolean positive(Duration time) {
    return time.isPositive() && time.toDays() < 365;
  }

  /** The same with another timeout of I/O commands. */
  public ControllerOptions withTimeout(Duration other) {
    return new ControllerOptions(
        other, adminTimeout, retries, queueEntries, queues, interrupts, shadowDoorbells, resets);
  }

  /** The same with another timeout of admin commands. */
  public ControllerOptions withAdminTimeout(Duration other) {
    return new ControllerOptions(
        timeout, other, retries, queueEntries, queues, interrupts, shadowDoorbells, resets);
  }

  /** The same with another number of retries. */
  public ControllerOptions withRetries(int count) {
    return new ControllerOptions(
        timeout, adminTimeout, count, queueEntries, queues, interrupts, shadowDoorbells, resets);
  }

  /** The same with queues of other sizes and number. */
  public ControllerOptions withQueues(int entries, int most) {
    return new ControllerOptions(
        timeout, adminTimeout, retries, entries, most, interrupts, shadowDoorbells, resets);
  }

  /** The same with or without interrupts and shadow doorbells. */
  public ControllerOptions with(boolean interrupting, boolean shadows) {
    return new ControllerOptions(
        timeout, adminTimeout, retries, queueEntries, queues, interrupting, shadows, resets);
  }
}
