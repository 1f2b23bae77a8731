package io.millrace.initiator.perf;

import java.time.Duration;
import java.util.BitSet;
import java.util.function.Consumer;

/**
 * What to run, in fio's words. Makes no copy of the sets: they are not changed here.
 *
 * @param name of the job
 * @param rw what to do
 * @param blockBytes bytes of a request ({@code --bs})
 * @param ioDepth requests at once of each job ({@code --iodepth})
 * @param numJobs jobs: each one queue and one thread ({@code --numjobs})
 * @param size of the part of the disk that each job uses, and that it moves once unless time-based;
 *     zero for all from its offset on ({@code --size})
 * @param offset where that part begins ({@code --offset})
 * @param offsetIncrement how much later it begins for each further job ({@code --offset_increment})
 * @param runtime longest to run; zero for no limit ({@code --runtime})
 * @param rampTime to run before measuring begins ({@code --ramp_time})
 * @param timeBased whether to go on for the whole runtime however much was moved ({@code
 *     --time_based})
 * @param readPercent share of reads where both are done ({@code --rwmixread})
 * @param randomMap whether random requests meet each block once before any twice (not {@code
 *     --norandommap})
 * @param rateIops most requests a second of each job in each direction; 0 for no limit ({@code
 *     --rate_iops})
 * @param fsync writes after which a flush comes; 0 for never ({@code --fsync})
 * @param cpusAllowed processors for the jobs, each job on one of them in turn; empty for any
 *     ({@code --cpus_allowed})
 * @param queueSize descriptors of a queue, a power of two; 0 for what the depth needs
 * @param indirect whether requests use indirect tables where the device has them; with {@code
 *     packed} they do anyway
 * @param packed whether the queues have the packed format
 * @param groupReporting whether the result is one for all jobs ({@code --group_reporting})
 * @param verify what to prove
 */
public record PerfOptions(
    String name,
    ReadWrite rw,
    int blockBytes,
    int ioDepth,
    int numJobs,
    Amount size,
    Amount offset,
    Amount offsetIncrement,
    Duration runtime,
    Duration rampTime,
    boolean timeBased,
    int readPercent,
    boolean randomMap,
    int rateIops,
    int fsync,
    BitSet cpusAllowed,
    int queueSize,
    boolean indirect,
    boolean packed,
    boolean groupReporting,
    VerifyOptions verify) {
  /** Most requests at once. */
  public static final int MAX_DEPTH = 1024;

  /** Most jobs. */
  public static final int MAX_JOBS = 256;

  /** Most requests a second that can be asked for. */
  public static final int MAX_RATE = 100_000_000;

  /** Largest request in bytes. */
  public static final int MAX_BLOCK_BYTES = 16 << 20;

  /** Most memory for the data of all jobs, in bytes. */
  public static final long MAX_DATA_BYTES = 4L << 30;

  /** Longest time of any option. */
  public static final Duration MAX_TIME = Duration.ofDays(366);

  /** Refuses what can never be run, in one line that names the option. */
  public PerfOptions {
    check(
        blockBytes >= 512 && blockBytes <= MAX_BLOCK_BYTES && blockBytes % 512 == 0,
        "--bs must be a multiple of 512 up to 16m");
    check(ioDepth >= 1 && ioDepth <= MAX_DEPTH, "--iodepth must be 1 to " + MAX_DEPTH);
    check(numJobs >= 1 && numJobs <= MAX_JOBS, "--numjobs must be 1 to " + MAX_JOBS);
    check(
        (long) numJobs * ioDepth * blockBytes <= MAX_DATA_BYTES,
        "--numjobs times --iodepth times --bs must be 4g of memory at most");
    check(
        size.percent() || size.isZero() || size.value() >= blockBytes,
        "--size must be at least one block");
    check(readPercent >= 0 && readPercent <= 100, "--rwmixread must be 0 to 100");
    check(rateIops >= 0 && rateIops <= MAX_RATE, "--rate_iops must be 1 to " + MAX_RATE + ", or 0");
    check(fsync >= 0, "--fsync must be 0 or more");
    check(!timeBased || runtime.isPositive(), "--time_based needs --runtime");
    check(
        queueSize == 0
            || (queueSize >= 4 && queueSize <= 32768 && Integer.bitCount(queueSize) == 1),
        "--queue-size must be a power of two from 4 to 32768");
    if (verify.enabled()) {
      check(!rw.trims(), "--verify proves what is written; --rw=" + rw.word() + " writes nothing");
      check(
          randomMap || !rw.random(),
          "--norandommap may write a block twice at once; leave it out with --verify");
      check(
          !verify.only() || rw.writes(),
          "--verify_only needs the --rw of the run that wrote; --rw="
              + rw.word()
              + " checks what it reads anyway");
      check(!(verify.only() && timeBased), "--verify_only checks once; leave out --time_based");
      check(verify.only() || rampTime.isZero(), "--ramp_time measures; leave it out with --verify");
      check(
          verify.doVerify() || (rw.writes() && !verify.only()),
          "--do_verify=0 leaves nothing to do here");
    } else {
      check(!verify.only(), "--verify_only needs --verify");
      check(verify.doVerify(), "--do_verify needs --verify");
      check(!verify.fatal(), "--verify_fatal needs --verify");
      check(verify.stateFile() == null, "--verify-state needs --verify");
    }
  }

  private static void check(boolean ok, String otherwise) {
    if (!ok) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /** fio's defaults: sequential 4 KiB reads, depth 1, one job, the whole disk once. */
  public static PerfOptions defaults() {
    return new Builder().build();
  }

  /** The same with another load. */
  public PerfOptions withLoad(ReadWrite readWrite, int bytes, int depth, int jobs) {
    return with(b -> {
      b.rw = readWrite;
      b.blockBytes = bytes;
      b.ioDepth = depth;
      b.numJobs = jobs;
    });
  }

  /** The same for a time, however much is moved in it. */
  public PerfOptions withTime(Duration run, Duration ramp) {
    return with(b -> {
      b.runtime = run;
      b.rampTime = ramp;
      b.timeBased = true;
    });
  }

  /** The same for so many bytes. */
  public PerfOptions withSize(long bytes) {
    return with(b -> b.size = Amount.bytes(bytes));
  }

  /** The same, proving what it writes and reads. */
  public PerfOptions withVerify(VerifyOptions options) {
    return with(b -> b.verify = options);
  }

  /** The same with other values. */
  public PerfOptions with(Consumer<Builder> change) {
    Builder builder = new Builder(this);
    change.accept(builder);
    return builder.build();
  }

  /** Whether it changes what the disk holds. */
  boolean changesTheDisk() {
    return !verify.only() && (rw.writes() || rw.trims());
  }

  /** Descriptors of a queue: as told, or the next power of two that three a request fit in. */
  int effectiveQueueSize() {
    if (queueSize != 0) {
      return queueSize;
    }
    int wanted = needsTables() ? ioDepth : 3 * ioDepth;
    return Math.max(128, Integer.highestOneBit(Math.max(1, wanted - 1)) << 1);
  }

  /**
   * Whether requests use tables where the device has them. Both sides write a packed ring's
   * descriptors anew for each request: there one goes from core to core in place of three.
   */
  boolean usesTables() {
    return needsTables() || packed;
  }

  /** Three descriptors a request leave no room in a queue of 1024 for more than 341 of them. */
  private boolean needsTables() {
    return indirect || ioDepth > 341;
  }

  /** Values by name, fio's defaults at first; {@link #build} checks them. */
  public static final class Builder {
    /** See {@link PerfOptions#name}. */
    public String name = "perf";

    /** See {@link PerfOptions#rw}. */
    public ReadWrite rw = ReadWrite.READ;

    /** See {@link PerfOptions#blockBytes}. */
    public int blockBytes = 4096;

    /** See {@link PerfOptions#ioDepth}. */
    public int ioDepth = 1;

    /** See {@link PerfOptions#numJobs}. */
    public int numJobs = 1;

    /** See {@link PerfOptions#size}. */
    public Amount size = Amount.ZERO;

    /** See {@link PerfOptions#offset}. */
    public Amount offset = Amount.ZERO;

    /** See {@link PerfOptions#offsetIncrement}. */
    public Amount offsetIncrement = Amount.ZERO;

    /** See {@link PerfOptions#runtime}. */
    public Duration runtime = Duration.ZERO;

    /** See {@link PerfOptions#rampTime}. */
    public Duration rampTime = Duration.ZERO;

    /** See {@link PerfOptions#timeBased}. */
    public boolean timeBased;

    /** See {@link PerfOptions#readPercent}. */
    public int readPercent = 50;

    /** See {@link PerfOptions#randomMap}. */
    public boolean randomMap = true;

    /** See {@link PerfOptions#rateIops}. */
    public int rateIops;

    /** See {@link PerfOptions#fsync}. */
    public int fsync;

    /** See {@link PerfOptions#cpusAllowed}. */
    public BitSet cpusAllowed = new BitSet();

    /** See {@link PerfOptions#queueSize}. */
    public int queueSize;

    /** See {@link PerfOptions#indirect}. */
    public boolean indirect;

    /** See {@link PerfOptions#packed}. */
    public boolean packed;

    /** See {@link PerfOptions#groupReporting}. */
    public boolean groupReporting;

    /** See {@link PerfOptions#verify}. */
    public VerifyOptions verify = VerifyOptions.OFF;

    /** fio's defaults. */
    public Builder() {}

    private Builder(PerfOptions from) {
      name = from.name;
      rw = from.rw;
      blockBytes = from.blockBytes;
      ioDepth = from.ioDepth;
      numJobs = from.numJobs;
      size = from.size;
      offset = from.offset;
      offsetIncrement = from.offsetIncrement;
      runtime = from.runtime;
      rampTime = from.rampTime;
      timeBased = from.timeBased;
      readPercent = from.readPercent;
      randomMap = from.randomMap;
      rateIops = from.rateIops;
      fsync = from.fsync;
      cpusAllowed = from.cpusAllowed;
      queueSize = from.queueSize;
      indirect = from.indirect;
      packed = from.packed;
      groupReporting = from.groupReporting;
      verify = from.verify;
    }

    /** The options; refuses what can never be run, in one line that names the option. */
    public PerfOptions build() {
      return new PerfOptions(
          name,
          rw,
          blockBytes,
          ioDepth,
          numJobs,
          size,
          offset,
          offsetIncrement,
          runtime,
          rampTime,
          timeBased,
          readPercent,
          randomMap,
          rateIops,
          fsync,
          cpusAllowed,
          queueSize,
          indirect,
          packed,
          groupReporting,
          verify);
    }
  }
}
