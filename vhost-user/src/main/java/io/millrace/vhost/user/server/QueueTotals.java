package io.millrace.vhost.user.server;

/** What queues did, as it was when somebody asked. Not shared between threads. */
public final class QueueTotals {
  private final long[] counts = new long[QueueCounters.COUNT];
  private long inFlight;
  private long mostInFlight;

  /** Nothing. */
  public QueueTotals() {}

  void add(QueueCounters counters) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += counters.get(i);
    }
    inFlight += counters.inFlight();
    mostInFlight = Math.max(mostInFlight, counters.mostInFlight());
  }

  /** Adds what another queue did; the most in flight is the sum of both. */
  public void add(QueueTotals other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    inFlight += other.inFlight;
    mostInFlight += other.mostInFlight;
  }

  /** Takes off what was counted before. */
  void subtract(QueueTotals before) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] -= before.counts[i];
    }
  }

  /** Requests of a kind that were answered, those that failed included. */
  public long operations(RequestKind kind) {
    return counts[QueueCounters.index(kind, QueueCounters.OPERATIONS)];
  }

  /** Bytes of blocks that requests of a kind moved or were about, of those that succeeded. */
  public long bytes(RequestKind kind) {
    return counts[QueueCounters.index(kind, QueueCounters.BYTES)];
  }

  /** Requests of a kind that failed. */
  public long errors(RequestKind kind) {
    return counts[QueueCounters.index(kind, QueueCounters.ERRORS)];
  }

  /** Looks for requests. */
  public long polls() {
    return counts[QueueCounters.POLLS];
  }

  /** Looks that found none. */
  public long emptyPolls() {
    return counts[QueueCounters.EMPTY_POLLS];
  }

  /** Notifications that came from drivers. */
  public long kicks() {
    return counts[QueueCounters.KICKS];
  }

  /** Notifications that went to drivers. */
  public long calls() {
    return counts[QueueCounters.CALLS];
  }

  /** Chains that made no request and went back unserved. */
  public long badChains() {
    return counts[QueueCounters.BAD_CHAINS];
  }

  /** Requests in flight now. */
  public long inFlight() {
    return inFlight;
  }

  /** The most that were in flight at a time. */
  public long mostInFlight() {
    return mostInFlight;
  }
}
