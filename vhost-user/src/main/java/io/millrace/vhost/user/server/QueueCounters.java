package io.millrace.vhost.user.server;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Counts of one ring as it runs. Data-path code: plain fields of the ring's reactor, read by others
 * without synchronisation. Each look at a ring and each message has a barrier behind which they are
 * in memory, and a long is stored whole: a reader sees a count a moment late, never a torn one.
 */
public final class QueueCounters implements AutoCloseable {
  /** What one kind of request has counts of, one behind the other. */
  static final int OPERATIONS = 0;

  static final int BYTES = 1;
  static final int ERRORS = 2;
  private static final int PER_KIND = 3;

  static final int POLLS = RequestKind.COUNT * PER_KIND;
  static final int EMPTY_POLLS = POLLS + 1;
  static final int KICKS = POLLS + 2;
  static final int CALLS = POLLS + 3;
  static final int BAD_CHAINS = POLLS + 4;
  static final int COUNT = POLLS + 5;

  /** {@link #waitsSince}: nothing waits. */
  static final long NEVER = Long.MAX_VALUE;

  /** Two lines on both sides, which the processor fetches together: other reactors' are beyond. */
  private static final int APART = 16;

  private final long[] counts = new long[APART + COUNT + APART];
  private long waitsSince = NEVER;
  private int inFlight;
  private int mostInFlight;
  private final DeviceStatistics device;
  private final AtomicReference<@Nullable String> reactor = new AtomicReference<>();
  private volatile @Nullable StageHistograms histograms;
  private volatile @Nullable SlowRequests slowRequests;
  private volatile @Nullable RequestTracker tracker;

  /**
   * Of no ring yet.
   *
   * @param device says what else is wanted to be known
   */
  public QueueCounters(DeviceStatistics device) {
    this.device = device;
  }

  static int index(RequestKind kind, int what) {
    return kind.ordinal() * PER_KIND + what;
  }

  // ---- the ring's reactor -----------------------------------------------------------------------

  /**
   * A request was answered.
   *
   * @param bytes of blocks that it moved or was about; counted if it did not fail
   * @param failed whether its driver was told of anything but success
   */
  public void answered(RequestKind kind, long bytes, boolean failed) {
    int at = APART + kind.ordinal() * PER_KIND;
    counts[at + OPERATIONS]++;
    if (failed) {
      counts[at + ERRORS]++;
    } else {
      counts[at + BYTES] += bytes;
    }
  }

  /** The ring was looked at. */
  void polled(int found) {
    counts[APART + POLLS]++;
    if (found == 0) {
      counts[APART + EMPTY_POLLS]++;
    }
  }

  /** The driver kicked. */
  void kicked() {
    counts[APART + KICKS]++;
  }

  /** The driver was called. */
  void called() {
    counts[APART + CALLS]++;
  }

  /** A chain went back unserved. */
  void badChain() {
    counts[APART + BAD_CHAINS]++;
  }

  /** So many requests are taken and not given back. */
  void inFlight(int requests) {
    inFlight = requests;
    if (requests > mostInFlight) {
      mostInFlight = requests;
    }
  }

  /** The controller's name. */
  String device() {
    return device.device();
  }

  /** What is wanted to be known of each request. */
  Observation observation() {
    return device.observation();
  }

  /** What follows each request now. */
  void tracker(RequestTracker following) {
    tracker = following;
  }

  /** Since when the oldest request waits that was not reported; {@link #NEVER} for none. */
  void waitsSince(long nanos) {
    waitsSince = nanos;
  }

  /** The histograms that are to be filled, if any are. */
  @Nullable StageHistograms histogramsFor(Observation wanted) {
    int number = wanted.histograms();
    StageHistograms there = histograms;
    if (number == 0) {
      there = null;
    } else if (there == null || there.number() != number) {
      there = new StageHistograms(number);
    }
    histograms = there;
    return there;
  }

  /** Where slow requests are reported. */
  SlowRequests slowRequests() {
    SlowRequests there = slowRequests;
    if (there == null) {
      there = new SlowRequests();
      slowRequests = there;
    }
    return there;
  }

  /** The ring runs here no more: another one of its queue may count on. */
  @Override
  public void close() {
    RequestTracker following = tracker;
    if (following != null) {
      following.recordEstimated();
      tracker = null;
    }
    inFlight = 0;
    waitsSince = NEVER;
    reactor.set(null);
  }

  // ---- any thread -------------------------------------------------------------------------------

  /** Takes them for a ring, unless one has them. */
  boolean take(String reactorName) {
    return reactor.compareAndSet(null, reactorName);
  }

  /** Where their ring runs, or null. */
  @Nullable String reactor() {
    return reactor.get();
  }

  long get(int index) {
    return counts[APART + index];
  }

  int inFlight() {
    return inFlight;
  }

  /** The histograms of that number, if they are filled here. */
  @Nullable StageHistograms histograms(int number) {
    StageHistograms there = histograms;
    return there != null && there.number() == number ? there : null;
  }

  /**
   * Takes the slow requests that were reported. Control thread.
   *
   * @return how many found no room since the last time
   */
  long takeSlow(SlowRequests.Taker taker) {
    SlowRequests there = slowRequests;
    return there == null ? 0 : there.take(taker);
  }

  /** Has the requests reported that wait since before then; takes the time of a message. */
  void askForHanging(long beforeNanos) {
    RequestTracker following = tracker;
    long since = waitsSince;
    if (following != null && since != NEVER && since - beforeNanos < 0) {
      following.reactor().execute(following::reportHanging);
    }
  }

  int mostInFlight() {
    return mostInFlight;
  }

  /** The most in flight is counted anew; what comes in this moment may be missed. */
  void forgetMost() {
    mostInFlight = inFlight;
  }
}
