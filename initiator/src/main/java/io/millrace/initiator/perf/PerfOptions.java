package io.millrace.initiator.perf;

import java.time.Duration;
import java.util.BitSet;

/**
 * What to run, in fio's words. Makes no copy of the sets: they are not changed here.
 *
 * @param name of the job
 * @param rw what to do
 * @param blockBytes bytes of a request ({@code --bs})
 * @param ioDepth requests at once of each job ({@code --iodepth})
 * @param numJobs jobs: each one queue and one thread ({@code --numjobs})
 * @param sizeBytes bytes from the start of the disk that are used, and that each job moves unless
 *     time-based; 0 for the whole disk ({@code --size})
 * @param runtime longest to run; zero for no limit ({@code --runtime})
 * @param rampTime to run before measuring begins ({@code --ramp_time})
 * @param timeBased whether to go on for the whole runtime however much was moved ({@code
 *     --time_based})
 * @param readPercent share of reads where both are done ({@code --rwmixread})
 * @param cpusAllowed processors for the jobs, each job on one of them in turn; empty for any
 *     ({@code --cpus_allowed})
 * @param queueSize descriptors of a queue, a power of two; 0 for what the depth needs
 * @param indirect whether requests use indirect tables where the device has them
 */
public record PerfOptions(
    String name,
    ReadWrite rw,
    int blockBytes,
    int ioDepth,
    int numJobs,
    long sizeBytes,
    Duration runtime,
    Duration rampTime,
    boolean timeBased,
    int readPercent,
    BitSet cpusAllowed,
    int queueSize,
    boolean indirect) {
  /** Most requests at once. */
  public static final int MAX_DEPTH = 1024;

  /** Most jobs. */
  public static final int MAX_JOBS = 256;

  /** Largest request in bytes. */
  public static final int MAX_BLOCK_BYTES = 16 << 20;

  /** Refuses what can never be run, in one line that names the option. */
  public PerfOptions {
    check(
        blockBytes >= 512 && blockBytes <= MAX_BLOCK_BYTES && blockBytes % 512 == 0,
        "--bs must be a multiple of 512 up to 16m");
    check(ioDepth >= 1 && ioDepth <= MAX_DEPTH, "--iodepth must be 1 to " + MAX_DEPTH);
    check(numJobs >= 1 && numJobs <= MAX_JOBS, "--numjobs must be 1 to " + MAX_JOBS);
    check(sizeBytes == 0 || sizeBytes >= blockBytes, "--size must be at least one block");
    check(readPercent >= 0 && readPercent <= 100, "--rwmixread must be 0 to 100");
    check(!timeBased || runtime.isPositive(), "--time_based needs --runtime");
    check(
        queueSize == 0
            || (queueSize >= 4 && queueSize <= 32768 && Integer.bitCount(queueSize) == 1),
        "--queue-size must be a power of two from 4 to 32768");
  }

  private static void check(boolean ok, String otherwise) {
    if (!ok) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** fio's defaults: sequential 4 KiB reads, depth 1, one job, the whole disk once. */
  public static PerfOptions defaults() {
    return new PerfOptions(
        "perf",
        ReadWrite.READ,
        4096,
        1,
        1,
        0,
        Duration.ZERO,
        Duration.ZERO,
        false,
        50,
        new BitSet(),
        0,
        false);
  }

  /** The same with another load. */
  public PerfOptions withLoad(ReadWrite readWrite, int bytes, int depth, int jobs) {
    return new PerfOptions(
        name,
        readWrite,
        bytes,
        depth,
        jobs,
        sizeBytes,
        runtime,
        rampTime,
        timeBased,
        readPercent,
        cpusAllowed,
        queueSize,
        indirect);
  }

  /** The same for a time, however much is moved in it. */
  public PerfOptions withTime(Duration run, Duration ramp) {
    return new PerfOptions(
        name,
        rw,
        blockBytes,
        ioDepth,
        numJobs,
        sizeBytes,
        run,
        ramp,
        true,
        readPercent,
        cpusAllowed,
        queueSize,
        indirect);
  }

  /** The same for so many bytes. */
  public PerfOptions withSize(long bytes) {
    return new PerfOptions(
        name,
        rw,
        blockBytes,
        ioDepth,
        numJobs,
        bytes,
        runtime,
        rampTime,
        timeBased,
        readPercent,
        cpusAllowed,
        queueSize,
        indirect);
  }

  /** Descriptors of a queue: as told, or the next power of two that three a request fit in. */
  int effectiveQueueSize() {
    if (queueSize != 0) {
      return queueSize;
    }
    int wanted = usesTables() ? ioDepth : 3 * ioDepth;
    return Math.max(128, Integer.highestOneBit(Math.max(1, wanted - 1)) << 1);
  }

  /** Three descriptors a request leave no room in a queue of 1024 for more than 341 of them. */
  boolean usesTables() {
    return indirect || ioDepth > 341;
  }
}
