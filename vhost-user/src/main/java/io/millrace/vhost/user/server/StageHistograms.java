package io.millrace.vhost.user.server;

/** How long requests of a ring were where. Written by one thread; data-path code. */
public final class StageHistograms {
  private final int number;
  private final LatencyHistogram[] stages = new LatencyHistogram[RequestStage.COUNT];

  /**
   * Empty ones.
   *
   * @param number of the {@link Observation} that wants them
   */
  StageHistograms(int number) {
    this.number = number;
    for (int i = 0; i < stages.length; i++) {
      stages[i] = new LatencyHistogram();
    }
  }

  int number() {
    return number;
  }

  void record(RequestTrace trace, long toldNanos) {
    for (int i = 0; i < stages.length; i++) {
      stages[i].record(trace.nanos(i, toldNanos));
    }
  }

  void add(StageHistograms other) {
    for (int i = 0; i < stages.length; i++) {
      stages[i].add(other.stages[i]);
    }
  }

  /** That of a stage. */
  public LatencyHistogram of(RequestStage stage) {
    return stages[stage.ordinal()];
  }
}
