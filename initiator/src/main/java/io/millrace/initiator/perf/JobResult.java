package io.millrace.initiator.perf;

import org.jspecify.annotations.Nullable;

/**
 * What one job did, or all of them together.
 *
 * @param read requests that read, those that verify included
 * @param write requests that wrote
 * @param trim requests that trimmed
 * @param syncs latencies of flushes
 * @param all latencies of reads, writes and trims by the limits that fio prints
 * @param runtimeNanos from the first measured request to the last
 * @param userCpuPercent of one processor that the job's thread had in user mode
 * @param systemCpuPercent of one processor that it had in the kernel
 * @param usage context switches and page faults in that time
 * @param verify what was proved; null without {@code --verify}
 * @param error errno, 0 when all went well; EILSEQ for bad blocks, as fio has it
 * @param message one line about the error, empty without one
 */
public record JobResult(
    DirectionResult read,
    DirectionResult write,
    DirectionResult trim,
    Latencies syncs,
    LatencyShares all,
    long runtimeNanos,
    double userCpuPercent,
    double systemCpuPercent,
    Usage usage,
    @Nullable VerifyResult verify,
    int error,
    String message) {
  /**
   * What the kernel counted for the job's thread.
   *
   * @param contextSwitches voluntary and not
   * @param majorFaults page faults that read from disk
   * @param minorFaults page faults that did not
   */
  public record Usage(long contextSwitches, long majorFaults, long minorFaults) {
    Usage plus(Usage other) {
      return new Usage(
          contextSwitches + other.contextSwitches,
          majorFaults + other.majorFaults,
          minorFaults + other.minorFaults);
    }
  }
}
