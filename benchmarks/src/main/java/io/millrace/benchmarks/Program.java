package io.millrace.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What is measured, in which order. */
final class Program {
  private static final int IDLE_DISKS = 100;
  private static final int STARTS = 10;
  private static final int RESTARTS = 9;
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  private Program() {}

  /** A measurement that needs no stage. */
  private record Alone(String name, Callable<List<Figure>> body) implements Measurement {
    @Override
    public List<Figure> run(Stage stage) throws Exception {
      stage.close(); // nothing else runs beside it
      return body.call();
    }
  }

  /**
   * The control first, then what has a bar, then the rest.
   *
   * @param spdk null when there is none
   * @param all whether to measure what has no bar, too
   * @param safepointTime how long to look for the longest pause
   */
  static List<Measurement> of(
      Sides sides, @Nullable Spdk spdk, boolean all, Duration safepointTime) {
    Peers peers = sides.peers();
    Cells cells = new Cells(sides, spdk);
    List<Measurement> program = new ArrayList<>();
    program.add(cells.control());
    program.addAll(cells.all());
    program.add(new Alone("idle", () -> IdleCost.measure(peers, IDLE_DISKS)));
    program.add(new Alone("warm-up", () -> WarmUp.measure(peers)));
    program.add(new Alone("start", () -> StartTime.measure(peers, spdk, STARTS)));
    program.add(
        new Alone(
            "restart", () -> RestartTime.measure(peers, spdk, sides.directImage(), RESTARTS)));
    program.add(new Alone("recovery", () -> RecoveryTime.measure(peers, RESTARTS)));
    program.add(new Alone("nvme", () -> NvmeCost.measure(peers, RESTARTS)));
    if (all) {
      program.addAll(new Matrix(sides, cells, spdk).all());
      program.add(new Alone("ring", RingCost::measure));
      program.add(new Alone("memory", () -> memory(peers)));
      program.add(new Alone("safepoints", () -> List.of(Safepoints.measure(peers, safepointTime))));
      program.add(
          new Alone("management", () -> Management.measure(peers, safepointTime, RESTARTS)));
      program.add(new Alone("scaling", () -> Scaling.measure(peers, PROCESSORS)));
      program.add(new Alone("plug", () -> List.of(PlugGap.measure(peers))));
    }
    return program;
  }

  private static List<Figure> memory(Peers peers) throws Exception {
    return List.of(
        IdleMemory.measure("millrace", peers::millraceNulls, peers.work()),
        IdleMemory.measure(Peers.DAEMON, peers::daemonNulls, peers.work()));
  }

  /** What a reader must know before any figure: whether the control held. */
  static List<String> notes(List<Figure> figures) {
    List<String> notes = new ArrayList<>();
    for (Figure figure : figures) {
      if (figure.what().startsWith("control") && figure.bar() != null) {
        if (!figure.verdict().equals("met")) {
          notes.add(
              ("THE CONTROL FAILED: Millrace beside itself reads %s, not 1.00 +- 0.05. No ratio"
                      + " below means anything closer than that; measure again on a quiet machine.")
                  .formatted(figure.text()));
        }
      }
    }
    if (figures.stream().noneMatch(figure -> figure.what().startsWith("control"))) {
      notes.add("The control was left out: nobody knows whether this machine can compare.");
    }
    return notes;
  }
}
