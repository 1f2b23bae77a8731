package io.millrace.initiator.perf;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/**
 * One run of the load generator. {@link #run} blocks its caller; {@link #stop} may come from any
 * thread, a signal's too.
 */
public final class PerfRun {
  private static final long SEED = 0x9E3779B97F4A7C15L;

  private final Path socket;
  private final PerfOptions options;
  private final FrontendOptions frontend;
  private volatile List<PerfJob> jobs = List.of();
  private volatile boolean stopRequested;

  /**
   * Prepares a run; nothing is opened yet.
   *
   * @param socket path of a back-end's socket
   * @param options what to run
   * @param frontend how to connect
   */
  public PerfRun(Path socket, PerfOptions options, FrontendOptions frontend) {
    this.socket = socket;
    this.options = options;
    this.frontend = frontend;
  }

  /**
   * Runs to the end and stops the queues cleanly.
   *
   * @return also when a job failed; then the job says so
   * @throws InitiatorException when the device cannot be opened, or not be used like this
   * @throws InterruptedException when the caller's thread is interrupted; the run ends soon after
   */
  public PerfResult run() throws InitiatorException, InterruptedException {
    long dataBytes = (long) options.numJobs() * options.ioDepth() * options.blockBytes();
    BlkDriverOptions driverOptions =
        new BlkDriverOptions(
            frontend,
            options.numJobs(),
            options.effectiveQueueSize(),
            options.ioDepth(),
            options.usesTables() ? 3 : 0,
            dataBytes + 4096,
            true,
            false);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, driverOptions)) {
      long blocks = checkedBlocks(driver);
      long data = driver.memory().allocate(dataBytes, 4096);
      if (options.rw().writes()) {
        fill(data, dataBytes);
      }
      int connection = driver.frontend().connection().descriptorNumber();
      List<PerfJob> made = new ArrayList<>();
      for (int i = 0; i < options.numJobs(); i++) {
        long part = data + i * (dataBytes / options.numJobs());
        made.add(
            new PerfJob(
                driver.queue(i), connection, options, part, blocks, cpu(i), SEED * (i + 1)));
      }
      jobs = List.copyOf(made);
      double seconds = runJobs(jobs);
      List<JobResult> results = jobs.stream().map(PerfJob::result).toList();
      PerfResult result = new PerfResult(options, socket.toString(), results, seconds);
      if (result.succeeded()) {
        driver.stop();
      }
      return result;
    }
  }

  /** Blocks of the disk to use, after a look at what the device can do. */
  private long checkedBlocks(VirtioBlkDriver driver) throws InitiatorException {
    int block = options.blockBytes();
    long disk = driver.config().sizeBytes();
    long size = options.sizeBytes() == 0 ? disk : options.sizeBytes();
    boolean hasBlockSize = driver.has(VirtioBlk.F_BLK_SIZE);
    int deviceBlock = hasBlockSize ? driver.config().blockSize() : VirtioBlk.SECTOR_BYTES;
    // qemu-storage-daemon 7.2 offers SIZE_MAX with 0 in it: no limit.
    long largest = driver.has(VirtioBlk.F_SIZE_MAX) ? driver.config().maxSegmentBytes() : 0;
    String refusal = null;
    if (options.rw().writes() && driver.has(VirtioBlk.F_RO)) {
      refusal = "the disk is read-only, --rw=" + options.rw().word() + " writes";
    } else if (size > disk || size < block) {
      refusal = "--size is %d bytes, the disk has %d".formatted(size, disk);
    } else if (deviceBlock > 0 && block % deviceBlock != 0) {
      refusal = "--bs is %d, the disk's blocks have %d".formatted(block, deviceBlock);
    } else if (largest > 0 && block > largest) {
      refusal = "--bs is %d, the device takes %d at most".formatted(block, largest);
    }
    if (refusal != null) {
      throw new InitiatorException(Kind.UNSUPPORTED, socket + ": " + refusal);
    }
    return size / block;
  }

  private int cpu(int job) {
    BitSet cpus = options.cpusAllowed();
    if (cpus.isEmpty()) {
      return -1;
    }
    int[] all = cpus.stream().toArray();
    return all[job % all.length];
  }

  private static void fill(long address, long bytes) {
    Random random = new Random(1);
    for (long at = 0; at < bytes; at += Long.BYTES) {
      RawMemory.putLong(address + at, random.nextLong());
    }
  }

  private double runJobs(List<PerfJob> all) throws InterruptedException {
    long begin = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      threads.add(Thread.ofPlatform().name("perf-" + i).start(all.get(i)));
    }
    if (stopRequested) {
      stop();
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      // The memory goes away after this: the jobs must be out of it first.
      stop();
      for (Thread thread : threads) {
        joinUninterrupted(thread);
      }
      throw e;
    }
    return (System.nanoTime() - begin) / 1e9;
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
