package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several sides under the same load, in a round robin of short slices: all alive, one at a time
 * running. A round starts a fresh load for each side and ends with each load's own report; only
 * ratios of reports of one round mean anything.
 */
final class Contest implements AutoCloseable {
  static final String SERVER_CORE = "0";
  static final String LOAD_CORE = "1"; // and the time slicer's

  /** Work after which our load, a JVM that polls, is taken to do I/O; and one that is its own. */
  private static final Duration LOAD_FLOWS = Duration.ofMillis(800);

  private static final Duration FIO_FLOWS = Duration.ofMillis(60);

  /** Time for a slower start than the last one was. */
  private static final double START_MARGIN = 1.5;

  /** Left out at both ends of the measured time when looking at the cores. */
  private static final long EDGE_NANOS = Duration.ofMillis(250).toNanos();

  private static final Duration REPORT_PATIENCE = Duration.ofSeconds(30);

  /** How many times as long as usual loads may take to start, on a machine that is not idle. */
  private static final int MOST_PATIENCE = 8;

  private final Path work;
  private final Timing timing;
  private final List<Side> sides = new ArrayList<>();
  private long startNanos; // in which all loads are expected to start

  /**
   * How long the parts of a round take.
   *
   * @param start wall time in which one load usually starts; later rounds know it better
   * @param warmUp own time of each side before it measures
   * @param own measured time of each side
   * @param slice that a side runs before the next one has its turn
   */
  record Timing(Duration start, Duration warmUp, Duration own, Duration slice) {
    /** For IOPS. */
    static Timing of(Duration own) {
      return new Timing(Duration.ofSeconds(3), Duration.ofSeconds(1), own, TimeSlicer.SLICE);
    }

    /** The same in other slices. */
    Timing withSlice(Duration other) {
      return new Timing(start, warmUp, own, other);
    }
  }

  /**
   * One side of one round.
   *
   * @param serverBusy share of its time in which the server used its core; 0 without a server
   * @param loadBusy the same of the load
   */
  record Result(FioReport report, double serverBusy, double loadBusy) {}

  private record Side(Contender contender, @Nullable Child server) {}

  private record Running(Side side, Child load) {
    List<Process> processes() {
      return side.server == null
          ? List.of(load.process())
          : List.of(side.server.process(), load.process());
    }

    long serverNanos() {
      return side.server == null ? 0 : side.server.cpuNanos();
    }
  }

  /** What one side has been granted and has used so far. */
  private record Clocks(long granted, long server, long load) {}

  private Contest(Path work, Timing timing) {
    this.work = work;
    this.timing = timing;
  }

  /**
   * Starts the servers, one after the other, and waits until each is up.
   *
   * @param work where sockets, outputs and errors of the processes go
   */
  static Contest open(List<Contender> contenders, Path work, Timing timing)
      throws IOException, InterruptedException {
    Contest contest = new Contest(work, timing);
    contest.startNanos = timing.start.multipliedBy(contenders.size()).toNanos();
    try {
      for (Contender contender : contenders) {
        contest.sides.add(new Side(contender, contest.startServer(contender)));
      }
      return contest;
    } catch (IOException | InterruptedException | RuntimeException e) {
      contest.close();
      throw e;
    }
  }

  private @Nullable Child startServer(Contender contender)
      throws IOException, InterruptedException {
    Contender.Server server = contender.server();
    return server == null ? null : server.start(contender.name() + "-server", SERVER_CORE, work);
  }

  /** One round; the results stand in the order of the contenders. */
  List<Result> round() throws IOException, InterruptedException {
    for (int patience = 1; patience <= MOST_PATIENCE; patience *= 2) {
      List<Result> results = tryRound();
      if (!results.isEmpty()) {
        return results;
      }
      startNanos *= 2;
    }
    throw new IOException(
        "the loads did not start within %d s, again and again; wait until the machine is idle"
            .formatted(Duration.ofNanos(startNanos / 2).toSeconds()));
  }

  /** One round, or nothing when the loads did not all start in time. */
  private List<Result> tryRound() throws IOException, InterruptedException {
    long begin = System.nanoTime();
    long startBy = begin + startNanos;
    long measureFrom = startBy + timing.warmUp.multipliedBy(sides.size()).toNanos();
    Duration run = timing.own.multipliedBy(sides.size());
    List<Running> running = new ArrayList<>();
    try {
      for (Side side : sides) {
        Running one = new Running(side, startLoad(side.contender, measureFrom, run));
        running.add(one);
        side.contender.load().awaitReady(one.load, side.server == null ? FIO_FLOWS : LOAD_FLOWS);
        for (Process process : one.processes()) {
          Child.signal("STOP", process);
        }
      }
      long took = System.nanoTime() - begin;
      if (took > startNanos) {
        return List.of();
      }
      startNanos = (long) (took * START_MARGIN);
      return measure(running, measureFrom, run);
    } finally {
      for (Running one : running) {
        one.load.close();
        if (one.side.server != null) {
          Child.signal("CONT", one.side.server.process());
        }
      }
    }
  }

  /** Each load warms up until the same moment, so that all measure at the same time. */
  private Child startLoad(Contender contender, long measureFrom, Duration run) throws IOException {
    Duration ramp = Duration.ofNanos(measureFrom - System.nanoTime());
    String core = contender.server() == null ? SERVER_CORE : LOAD_CORE;
    return Child.start(contender.name() + "-load", core, contender.load().command(ramp, run), work);
  }

  /** Lets the sides run in turn until all have reported. */
  private List<Result> measure(List<Running> running, long measureFrom, Duration run)
      throws IOException, InterruptedException {
    List<Clocks> from;
    List<Clocks> to;
    List<FioReport> reports = new ArrayList<>();
    List<List<Process>> groups = running.stream().map(Running::processes).toList();
    try (TimeSlicer slicer = TimeSlicer.start(groups, timing.slice)) {
      sleepUntil(measureFrom);
      for (Running one : running) {
        one.side.contender.load().begin();
      }
      sleepUntil(measureFrom + EDGE_NANOS);
      from = clocks(running, slicer);
      sleepUntil(measureFrom + run.toNanos() - EDGE_NANOS);
      to = clocks(running, slicer);
      for (Running one : running) {
        Contender contender = one.side.contender;
        Duration limit = run.plus(REPORT_PATIENCE);
        reports.add(contender.load().report(contender.name(), one.load, limit));
      }
    }
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < running.size(); i++) {
      Clocks before = from.get(i);
      Clocks after = to.get(i);
      double granted = after.granted - before.granted;
      results.add(
          new Result(
              reports.get(i),
              (after.server - before.server) / granted,
              (after.load - before.load) / granted));
    }
    return results;
  }

  private static List<Clocks> clocks(List<Running> running, TimeSlicer slicer) throws IOException {
    long[] granted = slicer.grantedNanos();
    List<Clocks> clocks = new ArrayList<>();
    for (int i = 0; i < granted.length; i++) {
      Running one = running.get(i);
      clocks.add(new Clocks(granted[i], one.serverNanos(), one.load.cpuNanos()));
    }
    return clocks;
  }

  private static void sleepUntil(long nanoTime) throws InterruptedException {
    Thread.sleep(Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime())));
  }

  /** Ends the servers. */
  @Override
  public void close() throws IOException {
    for (Side side : sides) {
      if (side.server != null) {
        side.server.close();
      }
    }
  }
}
