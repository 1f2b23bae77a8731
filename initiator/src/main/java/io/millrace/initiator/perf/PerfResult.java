package io.millrace.initiator.perf;

import java.util.List;

/**
 * What a run did.
 *
 * @param options as run
 * @param socket it ran against
 * @param jobs in order
 * @param elapsedSeconds from the first request to the last answer, ramp time included
 */
public record PerfResult(
    PerfOptions options, String socket, List<JobResult> jobs, double elapsedSeconds) {
  /** Copies the list. */
  public PerfResult {
    jobs = List.copyOf(jobs);
  }

  /** Whether every job went well. */
  public boolean succeeded() {
    return jobs.stream().allMatch(job -> job.error() == 0);
  }
}
