package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.Cpu;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.LinuxException;
import org.HdrHistogram.Histogram;

/**
 * One job: keeps a queue at its depth and polls it. The loop allocates nothing and reads the clock
 * once for each batch of completions; that stamp ends these requests and begins those that take
 * their place.
 */
final class PerfJob implements Runnable {
  /** A device that completes nothing for so long is given up. */
  static final long STALL_NANOS = 30_000_000_000L;

  private static final long NO_END = Long.MAX_VALUE;
  private static final int EIO = 5;
  private static final int EINVAL = 22;
  private static final int ECONNRESET = 104;
  private static final int ETIMEDOUT = 110;
  private static final int SPINS_A_CLOCK_READ = 256;
  private static final long CONNECTION_CHECK_NANOS = 100_000_000;

  private final BlkQueue queue;
  private final PerfOptions options;
  private final int connection; // descriptor of the socket, to see the back-end hang up
  private final long data; // host address of depth blocks
  private final long blocks; // of the part of the disk in use
  private final long requestLimit;
  private final int cpu; // -1 for any
  private final BlkCompletion completion = this::completed;

  private final int sectorsPerBlock;
  private final boolean random;
  private final boolean mixed;
  private final int type; // when not mixed
  private final int depth;
  private final long[] submittedNanos; // by token
  private final boolean[] reading; // by token
  private final Histogram readLatencies = Latencies.newHistogram();
  private final Histogram writeLatencies = Latencies.newHistogram();

  private long seed;
  private long nextRead;
  private long nextWrite;
  private long submitted;
  private long now;
  private long checkedNanos; // when the connection was last looked at
  private long startNanos; // of the measured time
  private long endNanos;
  private long reads;
  private long writes;
  private boolean measuring;
  private boolean stopping;
  private int error;
  private String message = "";
  private ThreadUsage usageBefore = new ThreadUsage(0, 0, 0);
  private ThreadUsage usageAfter = usageBefore;

  /** Set by another thread: end soon. Read once for each batch. */
  volatile boolean stopRequested;

  PerfJob(
      BlkQueue queue,
      int connection,
      PerfOptions options,
      long data,
      long blocks,
      int cpu,
      long seed) {
    this.queue = queue;
    this.connection = connection;
    this.options = options;
    this.data = data;
    this.blocks = blocks;
    this.requestLimit = options.timeBased() ? Long.MAX_VALUE : blocks;
    this.cpu = cpu;
    this.seed = seed;
    sectorsPerBlock = options.blockBytes() / VirtioBlk.SECTOR_BYTES;
    random = options.rw().random();
    mixed = options.rw().reads() && options.rw().writes();
    type = options.rw().reads() ? VirtioBlk.T_IN : VirtioBlk.T_OUT;
    depth = options.ioDepth();
    submittedNanos = new long[depth];
    reading = new boolean[depth];
  }

  /** Runs to the end; then {@link #result} is valid for the thread that joined this one. */
  @Override
  public void run() {
    try {
      if (cpu >= 0) {
        Cpu.pinCurrentThread(cpu);
      }
    } catch (LinuxException e) {
      fail(e.number(), String.valueOf(e.getMessage()));
      return;
    }
    long ramp = options.rampTime().toNanos();
    long begin = System.nanoTime();
    now = begin;
    checkedNanos = begin;
    for (int token = 0; token < depth && submitted < requestLimit; token++) {
      submit(token);
    }
    queue.kick();
    if (ramp > 0) {
      loop(begin + ramp);
    }
    measure();
    long runtime = options.runtime().toNanos();
    loop(runtime == 0 ? NO_END : startNanos + runtime);
    endNanos = now;
    usageAfter = ThreadUsage.now();
    measuring = false;
    stopping = true;
    if (error == 0) {
      loop(NO_END);
    }
  }

  private void measure() {
    usageBefore = ThreadUsage.now();
    measuring = true;
    now = System.nanoTime();
    startNanos = now;
  }

  /** Runs until a time, or an error, or until nothing is left to do. */
  private void loop(long untilNanos) {
    long lastProgress = now;
    int spins = 0;
    while (queue.inFlightCount() > 0) {
      if (!queue.ring().hasUsed()) {
        if (++spins < SPINS_A_CLOCK_READ) {
          continue;
        }
        spins = 0;
        now = System.nanoTime();
        checkStalled(now - lastProgress);
      } else {
        now = System.nanoTime();
        lastProgress = now;
        queue.poll(completion);
        queue.kick();
        if (queue.isBroken()) {
          fail(EIO, "the device returned a request that it never got");
        }
      }
      boolean timeIsUp = untilNanos != NO_END && now - untilNanos >= 0;
      if (error != 0 || timeIsUp) {
        return;
      }
      if (stopRequested) {
        stopping = true;
      }
    }
  }

  /** A device that is slow is waited for; one that is gone, or asleep for good, is not. */
  private void checkStalled(long stalledNanos) {
    if (stalledNanos > STALL_NANOS) {
      fail(ETIMEDOUT, "no request was completed for 30 s");
    } else if (stalledNanos > CONNECTION_CHECK_NANOS
        && now - checkedNanos > CONNECTION_CHECK_NANOS) {
      checkedNanos = now;
      try {
        // Nothing was asked, so what can be read is the end of the connection.
        if (DescriptorPassing.await(connection, false, 0)) {
          fail(ECONNRESET, "the back-end hung up");
        }
      } catch (LinuxException e) {
        fail(e.number(), String.valueOf(e.getMessage()));
      }
    }
  }

  private void completed(long token, int status, long writtenBytes) {
    int slot = (int) token;
    if (status != VirtioBlk.S_OK) {
      fail(EIO, "a request failed with virtio-blk status " + status);
      return;
    }
    if (measuring) {
      // A minute is the last bucket; the histogram throws beyond it.
      long latency = Math.min(now - submittedNanos[slot], Latencies.LARGEST);
      if (reading[slot]) {
        reads++;
        readLatencies.recordValue(latency);
      } else {
        writes++;
        writeLatencies.recordValue(latency);
      }
    }
    if (!stopping && submitted < requestLimit) {
      submit(slot);
    }
  }

  private void submit(int slot) {
    int requestType = mixed ? mixedType() : type;
    boolean read = requestType == VirtioBlk.T_IN;
    reading[slot] = read;
    submittedNanos[slot] = now;
    long address = data + (long) slot * options.blockBytes();
    long sector = nextBlock(read) * sectorsPerBlock;
    if (queue.submit(requestType, sector, address, options.blockBytes(), slot)) {
      submitted++;
    } else {
      fail(EINVAL, "the queue has no room for --iodepth requests; give a larger --queue-size");
    }
  }

  private int mixedType() {
    return Math.unsignedMultiplyHigh(random(), 100) < options.readPercent()
        ? VirtioBlk.T_IN
        : VirtioBlk.T_OUT;
  }

  private long nextBlock(boolean read) {
    if (random) {
      return Math.unsignedMultiplyHigh(random(), blocks);
    }
    long block = read ? nextRead : nextWrite;
    long next = block + 1 == blocks ? 0 : block + 1;
    if (read) {
      nextRead = next;
    } else {
      nextWrite = next;
    }
    return block;
  }

  /** xorshift64*: three shifts and a product, no state but one word. */
  private long random() {
    seed ^= seed >>> 12;
    seed ^= seed << 25;
    seed ^= seed >>> 27;
    return seed * 0x2545F4914F6CDD1DL;
  }

  private void fail(int errno, String line) {
    if (error == 0) {
      error = errno;
      message = line;
    }
    stopping = true;
  }

  JobResult result() {
    long nanos = Math.max(0, endNanos - startNanos);
    long block = options.blockBytes();
    return new JobResult(
        new DirectionResult(reads, reads * block, nanos, Latencies.of(readLatencies)),
        new DirectionResult(writes, writes * block, nanos, Latencies.of(writeLatencies)),
        usageAfter.userPercent(usageBefore, nanos),
        usageAfter.systemPercent(usageBefore, nanos),
        usageAfter.switches() - usageBefore.switches(),
        error,
        message);
  }
}
