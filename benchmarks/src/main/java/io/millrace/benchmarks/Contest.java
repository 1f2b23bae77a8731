package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several sides under the same load, in a round robin of short slices: all alive, one at a time
 * running. Servers and loads stay for all rounds and workloads. A round ends with each load's own
 * report; only ratios of reports of one round mean anything.
 *
 * <p>A side that does not start, dies, or reports nonsense drops out with its reason; its slices
 * stay, empty, so that the rounds of the others are as before.
 */
final class Contest implements AutoCloseable {
  static final String SERVER_CORE = "0";
  static final String LOAD_CORE = "1"; // and the time slicer's

  /** Left out at both ends of the measured time when looking at the cores. */
  private static final long EDGE_NANOS = Duration.ofMillis(100).toNanos();

  private static final int LEAD_IN_CYCLES = 3;

  /** Of the measured time: with fewer a side may have no turn between the edges. */
  private static final int LEAST_CYCLES = 3;

  private static final long POLL_MILLIS = 2;
  private static final Duration REPORT_PATIENCE = Duration.ofSeconds(20);
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final Path work;
  private final List<Side> sides = new ArrayList<>();
  private @Nullable TimeSlicer slicer; // holding all sides between rounds

  /**
   * One side of one round.
   *
   * @param iops requests per second of the time in which it ran
   * @param bytesPerSecond likewise
   * @param serverBusy share of its time in which the server used its core; 0 without a server
   * @param loadBusy the same of the load
   */
  record Result(
      double iops,
      double bytesPerSecond,
      FioReport.Latency latency,
      double serverBusy,
      double loadBusy) {
    /** CPU time of the server for each request, its polling in vain included. */
    double serverNanosPerRequest() {
      return serverBusy * 1e9 / iops;
    }
  }

  /** What is alive of a contender. */
  private static final class Side {
    final Contender contender;
    @Nullable Child server;
    Load.@Nullable Session load;
    @Nullable String failure;
    @Nullable FioReport report; // of this round

    Side(Contender contender) {
      this.contender = contender;
    }

    List<Child> processes() {
      List<Child> all = new ArrayList<>();
      if (server != null) {
        all.add(server);
      }
      if (load != null) {
        all.addAll(load.processes());
      }
      return all;
    }

    long serverNanos() {
      return server == null ? 0 : server.exactCpuNanos();
    }

    long loadNanos() {
      return load == null ? 0 : load.processes().stream().mapToLong(Child::exactCpuNanos).sum();
    }

    void fail(IOException reason) {
      failure = reason.getMessage();
      report = null;
      close();
    }

    /** Ends the load, then the server. */
    void close() {
      Load.Session first = load;
      Child last = server;
      load = null;
      server = null;
      try {
        if (first != null) {
          first.close();
        }
        if (last != null) {
          last.close();
        }
      } catch (IOException e) {
        failure = failure == null ? e.getMessage() : failure;
      }
    }
  }

  /** What one side has been granted and has used so far. */
  private record Clocks(long granted, long server, long load) {}

  private Contest(Path work) {
    this.work = work;
  }

  /**
   * Starts servers and loads, one after the other, each stopped when it is up: pollers on one core
   * starve a program that starts.
   *
   * @param work where sockets, outputs and errors of the processes go
   */
  static Contest open(List<Contender> contenders, Path work)
      throws IOException, InterruptedException {
    Contest contest = new Contest(work);
    try {
      for (Contender contender : contenders) {
        Side side = new Side(contender);
        contest.sides.add(side);
        contest.start(side);
      }
      List<List<Process>> groups =
          contest.sides.stream()
              .map(side -> side.processes().stream().map(Child::process).toList())
              .toList();
      contest.slicer = TimeSlicer.start(groups, TimeSlicer.SLICE);
      return contest;
    } catch (IOException | InterruptedException | RuntimeException e) {
      contest.close();
      throw e;
    }
  }

  private void start(Side side) throws InterruptedException {
    Contender contender = side.contender;
    try {
      Contender.Server server = contender.server();
      if (server != null) {
        side.server = server.start(contender.name() + "-server", SERVER_CORE, work);
      }
      side.load = contender.load().start(contender.name(), work);
      for (Child child : side.processes().reversed()) {
        Child.signal("STOP", child.process());
      }
    } catch (IOException e) {
      side.fail(e);
    }
  }

  /** Why a side takes no part any more; null when it does. */
  @Nullable String failure(int side) {
    return sides.get(side).failure;
  }

  /** Whether every side takes part. */
  boolean isComplete() {
    return sides.stream().allMatch(side -> side.failure == null);
  }

  /**
   * One round.
   *
   * @param own least time that each side measures
   * @param slice that a side runs before the next one has its turn
   * @return in the order of the contenders; null for a side that failed
   */
  List<@Nullable Result> round(Workload workload, Duration own, Duration slice)
      throws IOException, InterruptedException {
    TimeSlicer turns = slicer;
    if (turns == null) {
      throw new IllegalStateException("closed");
    }
    Duration cycle = slice.multipliedBy(sides.size());
    Duration leadIn = cycle.multipliedBy(LEAD_IN_CYCLES);
    leadIn = leadIn.compareTo(SECOND) > 0 ? SECOND : leadIn;
    Duration run = wallTime(own.multipliedBy(sides.size()), cycle);
    begin(turns, workload, leadIn, run);
    long start = System.nanoTime();
    turns.go(slice);
    sleepUntil(start + leadIn.toNanos() + EDGE_NANOS);
    List<Clocks> from = clocks(turns);
    sleepUntil(start + run.toNanos() - EDGE_NANOS);
    List<Clocks> to = clocks(turns);
    awaitReports(start + leadIn.plus(run).plus(REPORT_PATIENCE).toNanos());
    turns.hold();
    return results(from, to);
  }

  /** At least {@code least}; whole cycles, and whole seconds where a load knows no others. */
  private Duration wallTime(Duration least, Duration cycle) {
    boolean seconds = sides.stream().anyMatch(side -> side.contender.load().inWholeSeconds());
    return wallTime(least, cycle, seconds);
  }

  static Duration wallTime(Duration least, Duration cycle, boolean inWholeSeconds) {
    Duration run = cycle.multipliedBy(LEAST_CYCLES);
    while (run.compareTo(least) < 0 || (inWholeSeconds && run.toNanos() % SECOND.toNanos() != 0)) {
      run = run.plus(cycle);
    }
    return run;
  }

  private void begin(TimeSlicer turns, Workload workload, Duration leadIn, Duration run)
      throws IOException, InterruptedException {
    for (int i = 0; i < sides.size(); i++) {
      Side side = sides.get(i);
      side.report = null;
      Load.Session load = side.load;
      if (load != null) {
        List<Child> before = side.processes();
        try {
          load.begin(workload, leadIn, run);
        } catch (IOException e) {
          side.fail(e);
        }
        for (Child child : side.processes()) {
          if (!before.contains(child)) {
            turns.add(i, child.process());
          }
        }
      }
    }
  }

  private void awaitReports(long deadline) throws IOException, InterruptedException {
    List<Side> waiting = new ArrayList<>(sides);
    while (true) {
      waiting.removeIf(side -> side.failure != null || hasReported(side));
      if (waiting.isEmpty()) {
        return;
      }
      if (System.nanoTime() - deadline > 0) {
        for (Side side : waiting) {
          side.fail(new IOException(side.contender.name() + "'s load gave no report in time"));
        }
        return;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static boolean hasReported(Side side) {
    Load.Session load = side.load;
    if (load == null) {
      throw new IllegalStateException(side.contender.name() + " was not started");
    }
    try {
      Child server = side.server;
      if (server != null && !server.process().isAlive()) {
        throw server.failure("ended with " + server.process().exitValue() + " under load");
      }
      side.report = load.poll();
      return side.report != null;
    } catch (IOException e) {
      side.fail(e);
      return true;
    }
  }

  private List<@Nullable Result> results(List<Clocks> from, List<Clocks> to) {
    List<@Nullable Result> results = new ArrayList<>();
    for (int i = 0; i < sides.size(); i++) {
      FioReport report = sides.get(i).report;
      Clocks before = from.get(i);
      Clocks after = to.get(i);
      double granted = after.granted - before.granted;
      results.add(
          report == null
              ? null
              : new Result(
                  report.iops() * sides.size(),
                  report.bytesPerSecond() * sides.size(),
                  report.latency(),
                  (after.server - before.server) / granted,
                  (after.load - before.load) / granted));
    }
    return results;
  }

  private List<Clocks> clocks(TimeSlicer turns) throws IOException {
    long[] granted = turns.grantedNanos();
    List<Clocks> clocks = new ArrayList<>();
    for (int i = 0; i < granted.length; i++) {
      Side side = sides.get(i);
      clocks.add(new Clocks(granted[i], side.serverNanos(), side.loadNanos()));
    }
    return clocks;
  }

  private static void sleepUntil(long nanoTime) throws InterruptedException {
    Thread.sleep(Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime())));
  }

  /** Ends loads and servers. */
  @Override
  public void close() throws IOException {
    for (Side side : sides) {
      side.close();
    }
    if (slicer != null) {
      slicer.close();
    }
  }
}
