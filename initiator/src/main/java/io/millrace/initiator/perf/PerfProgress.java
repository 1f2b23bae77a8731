package io.millrace.initiator.perf;

/**
 * How far a run is.
 *
 * @param runningJobs jobs that have not ended
 * @param verifying whether blocks are being read back
 * @param fraction of the run that is done, from 0 to 1
 * @param etaSeconds until the end; -1 when it cannot be told
 * @param readIops reads a second since the last look
 * @param writeIops writes a second
 * @param trimIops trims a second
 * @param blockBytes bytes of each
 */
public record PerfProgress(
    int runningJobs,
    boolean verifying,
    double fraction,
    long etaSeconds,
    double readIops,
    double writeIops,
    double trimIops,
    int blockBytes) {}
