package io.millrace.nvme;

/**
 * Counts of what I/O queue pairs did, as SPDK's poll groups have them. Data-path code: plain fields
 * of the pairs' reactor, read by others without synchronisation. Each look at a completion queue
 * and each message has a barrier behind which they are in memory, and a long is stored whole: a
 * reader sees a count a moment late, never a torn one.
 */
public final class TransportStatistics {
  private static final int POLLS = 0;
  private static final int IDLE_POLLS = 1;
  private static final int COMPLETIONS = 2;
  private static final int QUEUED = 3;
  private static final int SUBMITTED = 4;
  private static final int CQ_MMIO = 5;
  private static final int CQ_SHADOW = 6;
  private static final int SQ_MMIO = 7;
  private static final int SQ_SHADOW = 8;
  private static final int COUNT = 9;

  /** Two lines on both sides, which the processor fetches together: other reactors' are beyond. */
  private static final int APART = 16;

  private final long[] counts = new long[APART + COUNT + APART];

  /** All 0. */
  public TransportStatistics() {}

  // ---- the pairs' reactor -----------------------------------------------------------------------

  /** A completion queue was looked at, and so many completions were taken. */
  void polled(int taken) {
    counts[APART + POLLS]++;
    if (taken == 0) {
      counts[APART + IDLE_POLLS]++;
    } else {
      counts[APART + COMPLETIONS] += taken;
    }
  }

  /** A request could not be sent at once. */
  void queued() {
    counts[APART + QUEUED]++;
  }

  /** A command was put into a submission queue. */
  void submitted() {
    counts[APART + SUBMITTED]++;
  }

  /**
   * The controller was told how far a submission queue is filled.
   *
   * @param shadow whether in memory
   * @param mmio whether by its register
   */
  void tailRung(boolean shadow, boolean mmio) {
    if (shadow) {
      counts[APART + SQ_SHADOW]++;
    }
    if (mmio) {
      counts[APART + SQ_MMIO]++;
    }
  }

  /** The same of how far a completion queue is emptied. */
  void headRung(boolean shadow, boolean mmio) {
    if (shadow) {
      counts[APART + CQ_SHADOW]++;
    }
    if (mmio) {
      counts[APART + CQ_MMIO]++;
    }
  }

  // ---- any thread -------------------------------------------------------------------------------

  /** Adds what another one counts to this one, which is the caller's alone. */
  public void add(TransportStatistics other) {
    for (int i = APART; i < APART + COUNT; i++) {
      counts[i] += other.counts[i];
    }
  }

  /** Looks at completion queues. */
  public long polls() {
    return counts[APART + POLLS];
  }

  /** Looks that found no completion. */
  public long idlePolls() {
    return counts[APART + IDLE_POLLS];
  }

  /** Completions taken. */
  public long completions() {
    return counts[APART + COMPLETIONS];
  }

  /** Requests that were not sent at once: every command slot was taken, or there was no queue. */
  public long queuedRequests() {
    return counts[APART + QUEUED];
  }

  /** Commands sent, retries and those after a reset included. */
  public long submittedRequests() {
    return counts[APART + SUBMITTED];
  }

  /** Writes to the registers of completion queues. */
  public long cqMmioDoorbellUpdates() {
    return counts[APART + CQ_MMIO];
  }

  /** Writes to the doorbells in memory of completion queues. */
  public long cqShadowDoorbellUpdates() {
    return counts[APART + CQ_SHADOW];
  }

  /** Writes to the registers of submission queues. */
  public long sqMmioDoorbellUpdates() {
    return counts[APART + SQ_MMIO];
  }

  /** Writes to the doorbells in memory of submission queues. */
  public long sqShadowDoorbellUpdates() {
    return counts[APART + SQ_SHADOW];
  }
}
