package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.perf.JobProgress.Phase;
import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One job: keeps a queue at its depth and polls it. The loop allocates nothing and reads the clock
 * once for each batch of completions; that stamp ends these requests and begins those that take
 * their place.
 *
 * <p>The workload runs as a whole, or with {@code --verify} pass by pass: a pass writes, and when
 * nothing is in flight any more it is read back and checked.
 */
final class PerfJob implements Runnable {
  /** A device that completes nothing for so long is given up. */
  static final long STALL_NANOS = 30_000_000_000L;

  private static final long NO_END = Long.MAX_VALUE;
  private static final int EIO = 5;
  private static final int EINVAL = 22;
  private static final int EILSEQ = 84;
  private static final int ETIMEDOUT = 110;
  private static final int SPINS_A_CLOCK_READ = 256;
  private static final long CONNECTION_CHECK_NANOS = 100_000_000;

  private final LoadQueue queue;
  private final PerfOptions options;
  private final JobRegion region;
  private final JobSpec spec;
  private final @Nullable Verifier verifier;
  private final LoadPattern pattern;
  private final RequestOrder order;
  private final RequestTable requests;
  private final JobMeters meters;
  private final JobProgress progress = new JobProgress();
  private final BlkCompletion completion = this::completed;

  private Phase phase = Phase.WORKLOAD;
  private long writesIssued;
  private boolean syncDue;
  private boolean checking; // reads are to be proved
  private boolean measuring;
  private boolean stopping;
  private long now;
  private long checkedNanos; // when the device was last looked at
  private long startNanos; // of the measured time
  private long endNanos;
  private int error;
  private String message = "";
  private ThreadUsage usageBefore = ThreadUsage.NOTHING;
  private ThreadUsage usageAfter = ThreadUsage.NOTHING;

  /** Set by another thread: end soon. Read once for each batch. */
  volatile boolean stopRequested;

  PerfJob(JobSpec spec) {
    this.spec = spec;
    queue = spec.queue();
    options = spec.options();
    region = spec.region();
    verifier = spec.verifier();
    int depth = options.ioDepth();
    pattern =
        new LoadPattern(
            options.rw(), region.blocks(), options.readPercent(), options.randomMap(), spec.seed());
    order = new RequestOrder(pattern, new Pace(options.rateIops()), depth);
    requests = new RequestTable(depth, spec.data(), options.blockBytes(), verifier != null);
    meters = new JobMeters(options);
  }

  /**
   * Runs to the end; then {@link #totals} and {@link #meters} are valid for the thread that joined
   * this one.
   */
  @Override
  public void run() {
    try {
      if (spec.cpu() >= 0) {
        Cpu.pinCurrentThread(spec.cpu());
      }
      queue.open();
    } catch (LinuxException e) {
      fail(e.number(), String.valueOf(e.getMessage()));
      return;
    } catch (InitiatorException e) {
      fail(EIO, String.valueOf(e.getMessage()));
      return;
    }
    try {
      phases();
    } catch (IOException e) {
      fail(EIO, String.valueOf(e.getMessage()));
    } finally {
      usageAfter = ThreadUsage.now();
      queue.close();
      progress.phase(Phase.DONE);
    }
  }

  private void phases() throws IOException {
    Verifier proof = verifier;
    now = System.nanoTime();
    checkedNanos = now;
    if (proof == null || !options.rw().writes()) {
      checking = proof != null;
      workload(true);
    } else if (options.verify().only()) {
      readBack(proof, true);
    } else {
      boolean first = true;
      do {
        pass(proof, first);
        if (error == 0 && !stopRequested && options.verify().doVerify()) {
          readBack(proof, false);
        }
        first = false;
      } while (goesOn() && proof.badBlocks() == 0);
    }
    if (error == 0 && proof != null && proof.badBlocks() > 0) {
      VerifyResult result = proof.result();
      fail(EILSEQ, "%d of %d blocks are bad".formatted(result.badBlocks(), result.checkedBlocks()));
    }
  }

  /** Whether another pass is to begin. */
  private boolean goesOn() {
    return error == 0
        && !stopRequested
        && options.timeBased()
        && now - startNanos < options.runtime().toNanos();
  }

  private void pass(Verifier proof, boolean first) throws IOException {
    pattern.begin(proof.beginPass());
    workload(first);
    List<Long> notDone = new ArrayList<>();
    requests.addInterruptedWrites(notDone);
    proof.endPass(order.issued(), notDone);
  }

  private void workload(boolean first) {
    boolean endless = options.timeBased() && (verifier == null || !options.rw().writes());
    measure(first); // the first requests belong to it
    begin(Phase.WORKLOAD, endless ? Long.MAX_VALUE : region.blocks());
    if (first && options.rampTime().isPositive()) {
      loop(now + options.rampTime().toNanos()); // measures, so that what does so is compiled
      meters.reset();
      measure(true);
    }
    long runtime = options.runtime().toNanos();
    loop(runtime == 0 ? NO_END : startNanos + runtime);
    end(options.rw().reads(), options.rw().writes());
  }

  /** Reads what the last pass wrote, and what else is known. */
  private void readBack(Verifier proof, boolean first) {
    pattern.begin(proof.passToCheck());
    checking = true;
    measure(first);
    begin(Phase.VERIFY, region.blocks());
    loop(NO_END);
    end(true, false);
    checking = false;
  }

  private void begin(Phase next, long requestLimit) {
    phase = next;
    progress.phase(next);
    stopping = false;
    now = System.nanoTime();
    order.begin(requestLimit, now);
    for (int slot = 0; slot < options.ioDepth(); slot++) {
      next(slot);
    }
    queue.kick();
  }

  private void measure(boolean first) {
    measuring = true;
    now = System.nanoTime();
    if (first) {
      usageBefore = ThreadUsage.now();
      startNanos = now;
    }
    meters.begin(now);
  }

  /** Ends the measured time, and the phase when nothing is in flight any more. */
  private void end(boolean reads, boolean writes) {
    endNanos = now;
    meters.end(now, reads, writes);
    measuring = false;
    stopping = true;
    if (error == 0) {
      loop(NO_END);
    }
  }

  /** Runs until a time, or an error, or until nothing is left to do. */
  private void loop(long untilNanos) {
    long lastProgress = now;
    int spins = 0;
    while (queue.inFlightCount() > 0 || isWaiting()) {
      if (!queue.ready()) {
        if (!order.isPaced() && ++spins < SPINS_A_CLOCK_READ) {
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
        progress.publish();
        if (queue.isBroken()) {
          fail(EIO, "the device returned a request that it never got");
        }
      }
      if (order.isPaced()) {
        issueDue();
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
      LoadQueue.Failure failure = queue.failure();
      if (failure != null) {
        fail(failure.errno(), failure.message());
      }
    }
  }

  private void completed(long token, int status, long writtenBytes) {
    int slot = (int) token;
    if (status != 0) {
      fail(EIO, requests.describe(slot) + " failed with " + queue.describe(status));
      return; // stays in the table as not done
    }
    requests.done(slot);
    Direction direction = requests.direction(slot);
    if (measuring) {
      meters.record(direction, now - requests.submittedNanos(slot));
    }
    progress.count(direction);
    if (checking && direction == Direction.READ) {
      check(slot);
    }
    next(slot);
  }

  private void check(int slot) {
    Verifier proof = verifier;
    if (proof != null) {
      boolean right =
          proof.check(
              requests.address(slot),
              requests.view(slot),
              options.blockBytes(),
              requests.offset(slot),
              requests.place(slot));
      if (!right && options.verify().fatal()) {
        stopping = true;
      }
    }
  }

  private void next(int slot) {
    if (stopping) {
      return;
    }
    if (phase == Phase.VERIFY) {
      nextReadBack(slot);
    } else if (!nextOfWorkload(slot)) {
      order.park(slot);
    }
  }

  private boolean isWaiting() {
    return order.isWaiting() && !stopping;
  }

  private void issueDue() {
    while (isWaiting() && nextOfWorkload(order.parked())) {
      order.unpark();
    }
    queue.kick();
  }

  /** Issues the next request; false when there is none, or none yet. */
  private boolean nextOfWorkload(int slot) {
    if (syncDue) {
      syncDue = false;
      submit(slot, Direction.SYNC, 0, Verifier.ELSEWHERE);
      return true;
    }
    if (!order.nextDue(now)) {
      return false;
    }
    issue(slot, pattern.direction());
    return true;
  }

  private void issue(int slot, Direction direction) {
    long offset = region.offset(pattern.block());
    Verifier proof = verifier;
    if (direction == Direction.WRITE) {
      if (proof != null) {
        proof.stamp(requests.address(slot), requests.view(slot), options.blockBytes(), offset);
      }
      writesIssued++;
      syncDue = spec.syncEvery() > 0 && writesIssued % spec.syncEvery() == 0;
      submit(slot, direction, offset, pattern.index());
    } else {
      submit(slot, direction, offset, Verifier.ELSEWHERE);
    }
  }

  private void nextReadBack(int slot) {
    Verifier proof = verifier;
    while (proof != null && order.next()) {
      boolean begun = order.issued() <= proof.requestsToCheck();
      boolean written = begun && pattern.direction() == Direction.WRITE;
      if (written || proof.knowsOthers()) {
        long place = written ? pattern.index() : Verifier.ELSEWHERE;
        submit(slot, Direction.READ, region.offset(pattern.block()), place);
        return;
      }
    }
  }

  private void submit(int slot, Direction direction, long offset, long place) {
    if (checking && direction == Direction.READ) {
      VerifyStamp.markUnfilled(requests.address(slot), options.blockBytes());
    }
    requests.submitted(slot, direction, offset, place, now);
    if (!queue.submit(direction, offset, requests.address(slot), options.blockBytes(), slot)) {
      fail(EINVAL, "the queue has no room for --iodepth requests; give a larger --queue-size");
    }
  }

  private void fail(int errno, String line) {
    if (error == 0) {
      error = errno;
      message = line;
    }
    stopping = true;
  }

  /** Gives what is written some content. */
  void fill() {
    requests.fill(spec.seed());
  }

  /** Whether every request came back; for the thread that joined this one. */
  boolean hasDrained() {
    return error == 0 || error == EILSEQ;
  }

  /** How far it is; any thread. */
  JobProgress progress() {
    return progress;
  }

  /** Counts and times, for the thread that joined this one. */
  JobMeters meters() {
    return meters;
  }

  JobTotals totals() {
    return new JobTotals(
        Math.max(0, endNanos - startNanos),
        usageBefore,
        usageAfter,
        verifier == null ? null : verifier.result(),
        error,
        message);
  }
}
