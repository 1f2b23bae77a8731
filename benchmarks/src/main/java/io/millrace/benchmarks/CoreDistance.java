package io.millrace.benchmarks;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.LongSupplier;

/**
 * How far the two cores are from each other that server and load run on: what a cache line takes
 * from one to the other and back, with nothing done on either side. A request with nothing beside
 * it takes that and what both programs do, so no server's latency is below it. A virtual machine's
 * processors may be moved while it runs, and be two threads of one core or in two packages.
 */
final class CoreDistance {
  private static final int RUNS = 3;

  private final List<Double> nanos = new ArrayList<>();

  CoreDistance() {}

  /** Looks now, which takes a fifth of a second, and says what was found so far. */
  String look() {
    try {
      int first = Integer.parseInt(Contest.SERVER_CORE);
      int second = Integer.parseInt(Contest.LOAD_CORE);
      var _ = nanos(first, second); // until both are awake, and this is compiled
      for (int i = 0; i < RUNS; i++) {
        nanos.add(nanos(first, second));
      }
    } catch (LinuxException e) {
      if (nanos.isEmpty()) {
        return "not measured: " + e.getMessage();
      }
    }
    return "a cache line takes "
        + Spread.of(nanos).format(0)
        + " ns there and back, median of "
        + nanos.size();
  }

  /**
   * Nanoseconds there and back.
   *
   * @throws LinuxException a core that this process may not use
   */
  static double nanos(int first, int second) throws LinuxException {
    return new Exchange().nanos(first, second);
  }

  /** Two threads that pass a number to and fro. */
  private static final class Exchange {
    private static final int TURNS = 100_000;
    private static final int THERE = 64; // two lines, with room around them
    private static final int BACK = 128;

    private final AtomicIntegerArray lines = new AtomicIntegerArray(256);
    private volatile boolean failed;

    double nanos(int first, int second) throws LinuxException {
      CompletableFuture<Long> answers = on(second, () -> turns(THERE, BACK, 0));
      CompletableFuture<Long> asks =
          on(
              first,
              () -> {
                lines.setRelease(THERE, 1);
                return turns(BACK, THERE, 1);
              });
      try {
        var _ = answers.join();
        return asks.join() / (double) TURNS;
      } catch (CompletionException e) {
        if (e.getCause() instanceof LinuxException cause) {
          throw cause;
        }
        throw e;
      }
    }

    /** Waits for each number in one line and stores it in the other, or one that is larger. */
    private long turns(int from, int to, int larger) {
      long start = System.nanoTime();
      for (int turn = 1; turn <= TURNS; turn++) {
        while (lines.getAcquire(from) != turn && !failed) {
          Thread.onSpinWait();
        }
        lines.setRelease(to, turn + larger);
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
            } catch (LinuxException | RuntimeException | Error e) {
              failed = true; // the other one does not wait for it
              result.completeExceptionally(e);
            }
          });
      return result;
    }
  }
}
