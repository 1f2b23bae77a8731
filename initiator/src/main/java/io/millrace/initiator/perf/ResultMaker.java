package io.millrace.initiator.perf;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Makes results of jobs that have ended, one each or one for all. */
final class ResultMaker {
  private final PerfOptions options;
  private final List<PerfJob> jobs;
  private final RunWatch watch;

  ResultMaker(PerfOptions options, List<PerfJob> jobs, RunWatch watch) {
    this.options = options;
    this.jobs = jobs;
    this.watch = watch;
  }

  List<JobResult> results() {
    return options.groupReporting() ? List.of(ofAll()) : each();
  }

  private List<JobResult> each() {
    List<JobResult> results = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      int job = i;
      JobTotals totals = jobs.get(i).totals();
      results.add(
          result(
              jobs.get(i).meters(),
              direction -> watch.samples(job, direction),
              totals,
              totals.userPercent(),
              totals.systemPercent(),
              totals.after().since(totals.before())));
    }
    return results;
  }

  private JobResult ofAll() {
    JobMeters meters = new JobMeters(options);
    JobTotals first = jobs.getFirst().totals();
    int error = 0;
    String message = "";
    long runtime = 0;
    double user = 0;
    double system = 0;
    JobResult.Usage usage = new JobResult.Usage(0, 0, 0);
    VerifyResult verify = first.verify() == null ? null : new VerifyResult(0, 0, 0, List.of());
    for (PerfJob job : jobs) {
      JobTotals totals = job.totals();
      meters.merge(job.meters());
      runtime = Math.max(runtime, totals.runtimeNanos());
      user += totals.userPercent() / jobs.size();
      system += totals.systemPercent() / jobs.size();
      usage = usage.plus(totals.after().since(totals.before()));
      VerifyResult proved = totals.verify();
      verify = verify == null || proved == null ? verify : verify.plus(proved);
      if (error == 0) {
        error = totals.error();
        message = totals.message();
      }
    }
    JobTotals all = new JobTotals(runtime, first.before(), first.after(), verify, error, message);
    return result(meters, direction -> new RateSamples(), all, user, system, usage);
  }

  /** Rates of a direction. */
  private interface Samples {
    RateSamples of(Direction direction);
  }

  private JobResult result(
      JobMeters meters,
      Samples samples,
      JobTotals totals,
      double userPercent,
      double systemPercent,
      JobResult.Usage usage) {
    Histogram all = Latencies.newHistogram();
    List<DirectionResult> directions = new ArrayList<>();
    for (Direction direction : List.of(Direction.READ, Direction.WRITE, Direction.TRIM)) {
      Meter meter = meters.of(direction);
      directions.add(
          meter == null
              ? DirectionResult.NOTHING
              : meter.result(options.blockBytes(), samples.of(direction)));
      if (meter != null) {
        all.add(meter.latencies());
      }
    }
    return new JobResult(
        directions.get(0),
        directions.get(1),
        directions.get(2),
        latencies(meters.of(Direction.SYNC)),
        LatencyShares.of(all),
        totals.runtimeNanos(),
        userPercent,
        systemPercent,
        usage,
        totals.verify(),
        totals.error(),
        totals.message());
  }

  private static Latencies latencies(@Nullable Meter meter) {
    return meter == null ? Latencies.NONE : Latencies.of(meter.latencies());
  }
}
