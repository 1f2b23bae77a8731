package io.millrace.server;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import io.millrace.reactor.CoreMask;
import io.millrace.reactor.Reactor;
import java.time.Duration;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The reactors of the process: one for control, and one for each core that is polled on. */
final class Cores {
  private static final Logger LOG = LoggerFactory.getLogger(Cores.class);
  private static final long CLOSE_SECONDS = 5;

  private final Reactor control;
  private final SortedMap<Integer, Reactor> polling;
  private final BitSet pinned;

  private Cores(Reactor control, SortedMap<Integer, Reactor> polling, BitSet pinned) {
    this.control = control;
    this.polling = polling;
    this.pinned = pinned;
  }

  /**
   * Starts them. What the machine does not allow is left out with a line in the log: disks that are
   * served a little slower are better than none.
   *
   * @param mask a reactor pinned to each of these; null for one that may run anywhere
   * @param poll whether these never sleep
   */
  static Cores start(@Nullable BitSet mask, boolean poll) throws CommandException {
    BitSet available = available();
    BitSet pinned = mask == null ? new BitSet() : usable(mask, available);
    BitSet wanted = (BitSet) pinned.clone();
    if (wanted.isEmpty()) {
      wanted.set(Math.max(0, available.nextSetBit(0))); // for its name only
    } else if (!mayPin()) {
      pinned.clear();
    }
    SortedMap<Integer, Reactor> polling = new TreeMap<>();
    wanted.stream()
        .forEach(core ->
            polling.put(
                core, Reactor.start("reactor-" + core, pinned.get(core) ? core : -1, poll)));
    return new Cores(Reactor.start("control", -1), polling, pinned);
  }

  /**
   * Starts those of a rehearsal, pinned to none. Their threads have names of their own: whoever
   * looks for the server's, to see what it does or where it runs, is not to find two of a name.
   */
  static Cores startRehearsal() {
    SortedMap<Integer, Reactor> polling = new TreeMap<>();
    polling.put(0, Reactor.start("rehearsal", -1)); // a number, and no core
    return new Cores(Reactor.start("rehearsal-ctl", -1), polling, new BitSet());
  }

  /** The cores of the mask that there are, and that cpuset and taskset leave to this process. */
  private static BitSet usable(BitSet mask, BitSet available) {
    BitSet usable = (BitSet) mask.clone();
    usable.and(available);
    BitSet missing = (BitSet) mask.clone();
    missing.andNot(available);
    if (!missing.isEmpty()) {
      LOG.warn(
          "-m: cores {} do not exist or are forbidden to this process; {}; allow it these (taskset,"
              + " cpuset), or name cores of {} only",
          CoreMask.list(missing),
          usable.isEmpty()
              ? "one reactor runs instead, pinned to none"
              : "reactors run on " + CoreMask.list(usable),
          CoreMask.list(available));
    }
    return usable;
  }

  /** Whether threads may be pinned, found by giving this one the cores that it has. */
  private static boolean mayPin() {
    try {
      Cpu.followFirstThread();
      return true;
    } catch (LinuxException e) {
      LOG.warn(
          "-m: threads cannot be pinned here ({}); reactors run where the kernel puts them, beside"
              + " other threads; allow sched_setaffinity, for instance in the container's seccomp"
              + " profile",
          e.getMessage());
      return false;
    }
  }

  /**
   * Everything else of the process goes to other cores, if there are any: control, the compiler,
   * the collector. Each would have all disks of a reactor's core wait, for milliseconds. For the
   * end of the start, which takes all cores until then.
   */
  void leaveToReactors() {
    try {
      Cpu.leaveToPinned(pinned);
    } catch (LinuxException e) {
      LOG.warn("other threads may run on the reactors' cores: {}", e.getMessage());
    }
  }

  private static BitSet available() throws CommandException {
    try {
      return Cpu.affinity();
    } catch (LinuxException e) {
      throw CommandException.failed(e);
    }
  }

  /** Those of the cores that a reactor is pinned to. */
  BitSet pinned() {
    return (BitSet) pinned.clone();
  }

  Reactor control() {
    return control;
  }

  SortedMap<Integer, Reactor> polling() {
    return polling;
  }

  /** Runs something on the control thread and waits for what it returns; its failure is thrown. */
  <T extends @Nullable Object> T onControl(Callable<T> task)
      throws InterruptedException, ExecutionException {
    return send(task).get();
  }

  private <T extends @Nullable Object> CompletableFuture<T> send(Callable<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean sent =
        control.execute(() -> {
          try {
            result.complete(task.call());
          } catch (Exception | Error e) {
            result.completeExceptionally(e);
          }
        });
    if (!sent) {
      throw new IllegalStateException("the control reactor has ended");
    }
    return result;
  }

  /**
   * Starts something on the control thread and waits until its stage ends.
   *
   * @throws TimeoutException it took longer, or the control thread hangs
   */
  <T extends @Nullable Object> T awaitOnControl(Callable<CompletionStage<T>> task, long seconds)
      throws InterruptedException, ExecutionException, TimeoutException {
    CompletionStage<T> started = send(task).get(seconds, TimeUnit.SECONDS);
    return started.toCompletableFuture().get(seconds, TimeUnit.SECONDS);
  }

  /** What a stage failed with, out of its wrappings. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /**
   * Ends all reactors, the control reactor last; waits for their threads, but not for one that
   * hangs: it ends with the process.
   */
  void close() throws InterruptedException {
    Thread closing = Thread.ofPlatform().daemon().name("close").start(this::closeAll);
    if (!closing.join(Duration.ofSeconds(CLOSE_SECONDS))) {
      LOG.warn("a reactor hangs and is left to the process's end");
    }
  }

  /** As {@link #close}, for as long as it takes. */
  void closeAll() {
    polling.values().forEach(Reactor::close);
    control.close();
  }
}
