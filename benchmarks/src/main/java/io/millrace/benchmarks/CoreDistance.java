package io.millrace.benchmarks;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.LongSupplier;

/**
 * How far the two cores are from each other that server and load run on: what a cache line takes
 * from one to the other and back, with nothing done on either side. A request with nothing beside
 * it takes that and what both programs do, so no server's latency is below it.
 */
final class CoreDistance {
  private static final int RUNS = 9;
  private static final int TURNS = 100_000;
  private static final int THERE = 64; // two lines, with room around them
  private static final int BACK = 128;

  private final AtomicIntegerArray lines = new AtomicIntegerArray(256);
  private volatile boolean failed;

  private CoreDistance() {}

  /** Between the first two cores that this process may use, in words. */
  static String describe() {
    try {
      BitSet cores = Cpu.affinity();
      int first = cores.nextSetBit(0);
      int second = cores.nextSetBit(first + 1);
      return second < 0
          ? "one core"
          : Math.round(medianNanos(first, second)) + " ns for a cache line there and back";
    } catch (LinuxException e) {
      return "not measured: " + e.getMessage();
    }
  }

  /**
   * Nanoseconds there and back, the median of some runs.
   *
   * @throws LinuxException a core that this process may not use
   */
  static double medianNanos(int first, int second) throws LinuxException {
    double[] nanos = new double[RUNS];
    for (int i = 0; i < RUNS; i++) {
      nanos[i] = new CoreDistance().nanos(first, second);
    }
    Arrays.sort(nanos);
    return nanos[RUNS / 2];
  }

  private double nanos(int first, int second) throws LinuxException {
    CompletableFuture<Long> answers = on(second, () -> turns(THERE, BACK));
    CompletableFuture<Long> asks =
        on(
            first,
            () -> {
              lines.setRelease(THERE, 1);
              return turns(BACK, THERE);
            });
    try {
      return Math.max(answers.join(), asks.join()) / (double) TURNS;
    } catch (CompletionException e) {
      throw e.getCause() instanceof LinuxException cause ? cause : e;
    }
  }

  /** Waits for each number in one line and stores the next one, or the same, in the other. */
  private long turns(int from, int to) {
    long start = System.nanoTime();
    for (int turn = 1; turn <= TURNS; turn++) {
      while (lines.getAcquire(from) != turn && !failed) {
        Thread.onSpinWait();
      }
      lines.setRelease(to, to == BACK ? turn : turn + 1);
    }
    return System.nanoTime() - start;
  }

  private CompletableFuture<Long> on(int core, LongSupplier work) {
    CompletableFuture<Long> result = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("core-" + core)
        .start(() -> {
          try {
            Cpu.pinCurrentThread(core);
            result.complete(work.getAsLong());
          } catch (LinuxException e) {
            failed = true; // the other one does not wait for it
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
