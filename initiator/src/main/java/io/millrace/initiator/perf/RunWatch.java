package io.millrace.initiator.perf;

import io.millrace.initiator.perf.JobProgress.Phase;
import java.util.List;

/** Looks at running jobs now and then: their rates, and how far all of them are. One thread. */
final class RunWatch {
  /** fio looks as often. */
  static final long INTERVAL_MILLIS = 500;

  private static final Direction[] MEASURED = {Direction.READ, Direction.WRITE, Direction.TRIM};

  private final PerfOptions options;
  private final List<JobProgress> jobs;
  private final long requests; // that the run takes if nothing ends it early
  private final long startNanos;
  private final long[][] counts; // at the last look, by job and direction
  private final RateSamples[][] samples;
  private long lookedNanos;

  /**
   * Begins to watch.
   *
   * @param jobs that are about to run
   * @param regions of them
   */
  RunWatch(PerfOptions options, List<JobProgress> jobs, List<JobRegion> regions, long nowNanos) {
    this.options = options;
    this.jobs = List.copyOf(jobs);
    startNanos = nowNanos;
    lookedNanos = nowNanos;
    counts = new long[jobs.size()][MEASURED.length];
    samples = new RateSamples[jobs.size()][MEASURED.length];
    for (RateSamples[] ofJob : samples) {
      for (int i = 0; i < ofJob.length; i++) {
        ofJob[i] = new RateSamples();
      }
    }
    VerifyOptions verify = options.verify();
    boolean twice = verify.enabled() && options.changesTheDisk() && verify.doVerify();
    long written =
        twice ? options.rw().reads() ? 100L - options.readPercent() : 100 : 0; // percent, read back
    long blocks = regions.stream().mapToLong(JobRegion::blocks).sum();
    requests = blocks + blocks / 100 * written;
  }

  /** Looks once; the rates since the last look become samples. */
  PerfProgress look(long nowNanos) {
    double seconds = Math.max(1, nowNanos - lookedNanos) / 1e9;
    lookedNanos = nowNanos;
    double[] rates = new double[MEASURED.length];
    long done = 0;
    int running = 0;
    boolean verifying = false;
    for (int job = 0; job < jobs.size(); job++) {
      JobProgress progress = jobs.get(job);
      Phase phase = progress.phase();
      running += phase == Phase.DONE ? 0 : 1;
      verifying |= phase == Phase.VERIFY;
      for (int i = 0; i < MEASURED.length; i++) {
        long count = progress.completed(MEASURED[i]);
        double rate = (count - counts[job][i]) / seconds;
        if (rate > 0) {
          samples[job][i].add(rate);
        }
        rates[i] += rate;
        counts[job][i] = count;
        done += count;
      }
    }
    double fraction = fraction(done, (nowNanos - startNanos) / 1e9);
    return new PerfProgress(
        running,
        verifying,
        fraction,
        eta(fraction, (nowNanos - startNanos) / 1e9),
        rates[0],
        rates[1],
        rates[2],
        options.blockBytes());
  }

  private double fraction(long done, double elapsedSeconds) {
    double ofRequests = options.timeBased() ? 0 : (double) done / Math.max(1, requests);
    double limit = options.runtime().plus(options.rampTime()).toNanos() / 1e9;
    double ofTime = options.runtime().isZero() ? 0 : elapsedSeconds / limit;
    return Math.min(1, Math.max(ofRequests, ofTime));
  }

  private static long eta(double fraction, double elapsedSeconds) {
    return fraction <= 0 ? -1 : Math.round(elapsedSeconds / fraction - elapsedSeconds);
  }

  /** The rates of one job in one direction, READ, WRITE or TRIM. */
  RateSamples samples(int job, Direction direction) {
    return samples[job][direction.ordinal()];
  }
}
