package io.millrace.initiator.perf;

/**
 * What one job did.
 *
 * @param read requests that read
 * @param write requests that wrote
 * @param userCpuPercent of one processor that the job's thread had in user mode
 * @param systemCpuPercent of one processor that it had in the kernel
 * @param contextSwitches of the thread
 * @param error errno, 0 when all went well; a job ends at its first error
 * @param message one line about the error, empty without one
 */
public record JobResult(
    DirectionResult read,
    DirectionResult write,
    double userCpuPercent,
    double systemCpuPercent,
    long contextSwitches,
    int error,
    String message) {}
