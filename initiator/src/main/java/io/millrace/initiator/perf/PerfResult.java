package io.millrace.initiator.perf;

import java.util.List;

/**
 * What a run did.
 *
 * @param options as run
 * @param target it ran against
 * @param jobs in order; one for all of them with {@code --group_reporting}
 * @param elapsedSeconds from the first request to the last answer, ramp time included
 */
public record PerfResult(
    PerfOptions options, PerfTarget target, List<JobResult> jobs, double elapsedSeconds) {
  /** Copies the list. */
  public PerfResult {
    jobs = List.copyOf(jobs);
  }

  /** Whether every job went well. */
  public boolean succeeded() {
    return jobs.stream().allMatch(job -> job.error() == 0);
  }
}
