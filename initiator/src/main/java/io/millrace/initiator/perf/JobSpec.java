package io.millrace.initiator.perf;

import org.jspecify.annotations.Nullable;

/**
 * What a job is given.
 *
 * @param queue its way to the device
 * @param options what to run
 * @param region where
 * @param data host address of {@code iodepth} blocks
 * @param cpu to run on, -1 for any
 * @param seed of its random numbers, not 0
 * @param verifier proves its blocks; null without {@code --verify}
 * @param syncEvery writes after which a flush comes, 0 for never
 */
record JobSpec(
    LoadQueue queue,
    PerfOptions options,
    JobRegion region,
    long data,
    int cpu,
    long seed,
    @Nullable Verifier verifier,
    int syncEvery) {}
