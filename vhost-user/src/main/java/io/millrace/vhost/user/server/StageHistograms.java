package io.millrace.vhost.user.server;

/** How long requests of a ring were where. Written by one thread; data-path code. */
public final class StageHistograms {
  private final int number;
  private final LatencyHistogram ring = new LatencyHistogram();
  private final LatencyHistogram bdev = new LatencyHistogram();
  private final LatencyHistogram completion = new LatencyHistogram();
  private final LatencyHistogram total = new LatencyHistogram();

  /**
   * Empty ones.
   *
   * @param number of the {@link Observation} that wants them
   */
  StageHistograms(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** So many requests were so long in each stage, in nanoseconds. */
  void record(long ringNanos, long bdevNanos, long completionNanos, int requests) {
    ring.record(ringNanos, requests);
    bdev.record(bdevNanos, requests);
    completion.record(completionNanos, requests);
    total.record(ringNanos + bdevNanos + completionNanos, requests);
  }

  void add(StageHistograms other) {
    for (RequestStage stage : RequestStage.values()) {
      of(stage).add(other.of(stage));
    }
  }

  /** That of a stage. */
  public LatencyHistogram of(RequestStage stage) {
    return switch (stage) {
      case RING -> ring;
      case BDEV -> bdev;
      case COMPLETION -> completion;
      case TOTAL -> total;
    };
  }
}
