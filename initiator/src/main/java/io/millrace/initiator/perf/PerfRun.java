package io.millrace.initiator.perf;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of the load generator. {@link #run} blocks its caller; {@link #stop} may come from any
 * thread, a signal's too.
 */
public final class PerfRun {
  private static final long SEED = 0x9E3779B97F4A7C15L;

  private final PerfTarget target;
  private final PerfOptions options;
  private Consumer<PerfProgress> watcher = progress -> {};
  private volatile List<PerfJob> jobs = List.of();
  private volatile boolean stopRequested;

  /**
   * Prepares a run; nothing is opened yet.
   *
   * @param target what to load
   * @param options what to run
   */
  public PerfRun(PerfTarget target, PerfOptions options) {
    this.target = target;
    this.options = options;
  }

  /**
   * Prepares a run against a socket; nothing is opened yet.
   *
   * @param socket path of a back-end's socket
   * @param options what to run
   * @param frontend how to connect
   */
  public PerfRun(Path socket, PerfOptions options, FrontendOptions frontend) {
    this(PerfTarget.socket(socket, frontend), options);
  }

  /** Tells somebody twice a second how far the run is, on the thread that runs it. */
  public void watch(Consumer<PerfProgress> newWatcher) {
    watcher = newWatcher;
  }

  /**
   * Runs to the end and stops the queues cleanly.
   *
   * @return also when a job failed; then the job says so
   * @throws InitiatorException when the device cannot be opened, or not be used like this
   * @throws InterruptedException when the caller's thread is interrupted; the run ends soon after
   */
  public PerfResult run() throws InitiatorException, InterruptedException {
    long jobBytes = (long) options.ioDepth() * options.blockBytes();
    jobBytes = (jobBytes + VerifyStamp.SECTOR + 4095) & -4096; // a sector of scratch, whole pages
    try (LoadDevice device = target.open(options, jobBytes * options.numJobs())) {
      List<JobRegion> regions = checkedRegions(device);
      VerifyJournal journal = journal();
      int syncEvery = device.hasCache() ? options.fsync() : 0;
      List<PerfJob> made = new ArrayList<>();
      for (int i = 0; i < options.numJobs(); i++) {
        long data = device.allocate(jobBytes);
        JobRegion region = regions.get(i);
        long scratch = data + (long) options.ioDepth() * options.blockBytes();
        Verifier verifier = verifier(region, journal, i, scratch);
        PerfJob job =
            new PerfJob(
                new JobSpec(
                    device.queue(i),
                    options,
                    region,
                    data,
                    cpu(i),
                    SEED * (i + 1),
                    verifier,
                    syncEvery));
        job.fill();
        made.add(job);
      }
      return run(device, made, regions);
    }
  }

  private PerfResult run(LoadDevice device, List<PerfJob> made, List<JobRegion> regions)
      throws InitiatorException, InterruptedException {
    jobs = List.copyOf(made);
    long begin = System.nanoTime();
    RunWatch watch =
        new RunWatch(options, made.stream().map(PerfJob::progress).toList(), regions, begin);
    runJobs(watch);
    double seconds = (System.nanoTime() - begin) / 1e9;
    List<JobResult> results = new ResultMaker(options, jobs, watch).results();
    PerfResult result = new PerfResult(options, target, results, seconds);
    if (jobs.stream().allMatch(PerfJob::hasDrained)) {
      device.stop();
    }
    return result;
  }

  private VerifyJournal journal() throws InitiatorException {
    Path file = options.verify().stateFile();
    try {
      return file == null
          ? VerifyJournal.none(options.numJobs())
          : VerifyJournal.open(file, options.numJobs());
    } catch (IOException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable Verifier verifier(
      JobRegion region, VerifyJournal journal, int job, long scratch) throws InitiatorException {
    if (!options.verify().enabled()) {
      return null;
    }
    try {
      return new Verifier(options, region, journal, job, scratch);
    } catch (IOException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, String.valueOf(e.getMessage()), e);
    }
  }

  /** The part of the disk of each job, after a look at what the device can do. */
  private List<JobRegion> checkedRegions(LoadDevice device) throws InitiatorException {
    List<JobRegion> regions = new ArrayList<>();
    String refusal = refusal(device);
    try {
      for (int i = 0; refusal == null && i < options.numJobs(); i++) {
        regions.add(JobRegion.of(options, i, device.sizeBytes()));
      }
      if (refusal == null) {
        refusal = refusal(device, regions);
      }
    } catch (IllegalArgumentException e) {
      refusal = e.getMessage();
    }
    if (refusal != null) {
      throw new InitiatorException(Kind.UNSUPPORTED, target + ": " + refusal);
    }
    return regions;
  }

  private @Nullable String refusal(LoadDevice device) {
    int block = options.blockBytes();
    if (options.changesTheDisk() && !device.isWritable()) {
      return "the disk is read-only, --rw=" + options.rw().word() + " changes it";
    }
    if (block % device.blockBytes() != 0) {
      return "--bs is %d, the disk's blocks have %d".formatted(block, device.blockBytes());
    }
    if (block > device.maxTransferBytes()) {
      return "--bs is %d, the device takes %d at most".formatted(block, device.maxTransferBytes());
    }
    if (options.rw().trims() && device.maxTrimBytes() < block) {
      return device.maxTrimBytes() == 0
          ? "the disk does not trim (discard)"
          : "--bs is %d, the disk trims %d at most".formatted(block, device.maxTrimBytes());
    }
    if (options.verify().enabled() && !device.remembers()) {
      return "it forgets what is written; --verify needs another bdev";
    }
    return null;
  }

  private @Nullable String refusal(LoadDevice device, List<JobRegion> regions) {
    for (int i = 0; i < regions.size(); i++) {
      JobRegion region = regions.get(i);
      if (region.startBytes() % device.blockBytes() != 0) {
        return "--offset of job %d is %d, the disk's blocks have %d"
            .formatted(i, region.startBytes(), device.blockBytes());
      }
      boolean overlaps = i > 0 && region.startBytes() < regions.get(i - 1).endBytes();
      if (overlaps && options.verify().enabled() && options.changesTheDisk()) {
        return "with --verify each job needs a part of its own; give --size and"
            + " --offset_increment of at least as much";
      }
    }
    return null;
  }

  private int cpu(int job) {
    BitSet cpus = options.cpusAllowed();
    if (cpus.isEmpty()) {
      return -1;
    }
    int[] all = cpus.stream().toArray();
    return all[job % all.length];
  }

  private void runJobs(RunWatch watch) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      threads.add(Thread.ofPlatform().name("perf-" + i).start(jobs.get(i)));
    }
    if (stopRequested) {
      stop();
    }
    try {
      for (Thread thread : threads) {
        join(thread, watch);
      }
    } catch (InterruptedException e) {
      // The memory goes away after this: the jobs must be out of it first.
      stop();
      for (Thread thread : threads) {
        joinUninterrupted(thread);
      }
      throw e;
    }
  }

  private void join(Thread thread, RunWatch watch) throws InterruptedException {
    while (thread.isAlive()) {
      thread.join(RunWatch.INTERVAL_MILLIS);
      if (thread.isAlive()) {
        watcher.accept(watch.look(System.nanoTime()));
      }
    }
  }

  private void joinUninterrupted(Thread thread) {
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        // Already on the way out; the caller throws the first one.
        stop();
      }
    }
  }

  /** Whether the device is open and the jobs are about to run, or do. Any thread. */
  public boolean isRunning() {
    return !jobs.isEmpty();
  }

  /** Asks all jobs to end soon; what was measured so far is the result. */
  public void stop() {
    stopRequested = true;
    jobs.forEach(job -> job.stopRequested = true);
  }
}
