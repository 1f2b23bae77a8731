package io.millrace.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The comparisons of IOPS that {@code make bench} makes.
 *
 * @param image that all file sides use
 */
record Cells(Peers peers, Path image) {
  private static final String MILLRACE = "millrace";
  private static final int DEPTH = 32;

  /** Reads, writes, both; small and large: one disk of each kind. */
  static List<Workload> workloads() {
    return List.of(
        Workload.random("randread", DEPTH),
        Workload.random("randwrite", DEPTH),
        Workload.mix(70, DEPTH),
        Workload.sequential("read", 8),
        Workload.sequential("write", 8));
  }

  List<Measurement> all() {
    List<Measurement> all = new ArrayList<>(ofNull());
    all.addAll(ofRings());
    all.addAll(ofFile());
    all.addAll(ofDisks());
    all.addAll(ofLatency());
    return all;
  }

  /** A disk that does nothing: what is left is the way to it and back. */
  private List<Cell> ofNull() {
    List<Cell> cells = new ArrayList<>();
    cells.add(nullCell(Workload.random("randread", 1), Figure.Bar.atLeast(1, ">= 1")));
    for (Workload workload : workloads()) {
      boolean readsOnly = workload.equals(workloads().getFirst());
      cells.add(nullCell(workload, readsOnly ? Figure.Bar.atLeast(3, ">= 3 (aim 6)") : null));
    }
    cells.add(control());
    return cells;
  }

  private Cell nullCell(Workload workload, Figure.@Nullable Bar bar) {
    return new Cell(
        "null, " + workload.name(),
        List.of(
            peers.contender(MILLRACE, peers.millraceNulls(MILLRACE, 1), workload),
            peers.contender(Peers.DAEMON, peers.daemonNulls(Peers.DAEMON, 1), workload)),
        List.of(new Cell.Comparison(0, 1, bar)));
  }

  /** The two formats of a ring, on a disk that does nothing and on one that copies. */
  private List<Cell> ofRings() {
    List<Cell> cells = new ArrayList<>();
    for (int depth : new int[] {1, DEPTH}) {
      Workload workload = Workload.random("randread", depth);
      cells.add(
          formats("null, " + workload.name(), workload, side -> peers.millraceNulls(side, 1)));
    }
    Workload workload = Workload.random("randread", DEPTH);
    cells.add(
        formats(
            "malloc, " + workload.name(),
            workload,
            side -> peers.millraceMalloc(side, Spdk.MALLOC_BYTES)));
    return cells;
  }

  private Cell formats(String name, Workload workload, Function<String, Contender.Server> server) {
    return new Cell(
        "rings, " + name,
        List.of(
            peers.contender("packed", server.apply("packed"), workload.packed()),
            peers.contender("split", server.apply("split"), workload)),
        List.of(new Cell.Comparison(0, 1, Figure.Bar.atLeast(0.97, ">= 0.97"))));
  }

  /** Whether this machine can compare anything now: Millrace beside itself. */
  private Cell control() {
    Workload workload = Workload.random("randread", DEPTH);
    String again = MILLRACE + "-again";
    return new Cell(
        "null, control",
        List.of(
            peers.contender(MILLRACE, peers.millraceNulls(MILLRACE, 1), workload),
            peers.contender(again, peers.millraceNulls(again, 1), workload)),
        List.of(
            new Cell.Comparison(0, 1, Figure.Bar.within(0.95, 1.05, "1.00 +- 0.05 (control)"))));
  }

  /** A raw image; fio on the same image is what the kernel can do. */
  private List<Cell> ofFile() {
    List<Cell> cells = new ArrayList<>();
    for (boolean direct : new boolean[] {false, true}) {
      for (Workload workload : workloads()) {
        cells.add(
            new Cell(
                "file %s, %s".formatted(direct ? "O_DIRECT" : "buffered", workload.name()),
                List.of(
                    peers.contender(
                        MILLRACE, peers.millraceFile(MILLRACE, image, direct), workload),
                    Peers.fio("fio-io_uring", image, direct, workload),
                    peers.contender(
                        Peers.DAEMON, peers.daemonFile(Peers.DAEMON, image, direct), workload)),
                List.of(
                    new Cell.Comparison(0, 1, Figure.Bar.atLeast(0.9, ">= 0.9")),
                    new Cell.Comparison(0, 2, null))));
      }
    }
    return cells;
  }

  /** Many disks on one core: all busy, and one busy beside others that rest. */
  private List<Cell> ofDisks() {
    List<Cell> cells = new ArrayList<>();
    cells.add(
        new Cell(
            "disks, all busy, 4 KiB randread, depth %d each".formatted(DEPTH),
            List.of(
                millraces(1, 1, DEPTH),
                millraces(10, 10, DEPTH),
                millraces(100, 100, DEPTH),
                daemons(1, DEPTH),
                daemons(10, DEPTH)),
            List.of(
                new Cell.Comparison(1, 0, null),
                new Cell.Comparison(2, 0, null),
                new Cell.Comparison(1, 4, Figure.Bar.atLeast(3, ">= 3 (aim 6)")),
                new Cell.Comparison(4, 3, null))));
    for (int depth : new int[] {1, DEPTH}) {
      cells.add(
          new Cell(
              "disks, one busy, 4 KiB randread, depth " + depth,
              List.of(millraces(100, 1, depth), millraces(1, 1, depth)),
              List.of(new Cell.Comparison(0, 1, Figure.Bar.atLeast(0.95, ">= 0.95")))));
    }
    cells.add(
        new Cell(
            "disks, fairness, 4 KiB randread, depth 32, beside 1 MiB reads, depth 32",
            List.of(mallocs("beside", 1 << 20), mallocs("alone", 0)),
            List.of(new Cell.Comparison(0, 1, null))));
    return cells;
  }

  /**
   * Two disks in memory on one core: one busy with small reads, the other with long ones or none.
   * They share bytes, not time: a byte of a long copy takes twice as long, as no cache has it.
   */
  private Contender mallocs(String name, int greedyBytes) {
    return peers.swarm(
        name,
        peers.millraceMallocs(name, 2, Spdk.MALLOC_BYTES),
        new DiskSwarm.Shape(2, 1, DEPTH, greedyBytes));
  }

  private Contender millraces(int disks, int active, int depth) {
    String name = "%s-%d-of-%d".formatted(MILLRACE, active, disks);
    return peers.swarm(
        name, peers.millraceNulls(name, disks), new DiskSwarm.Shape(disks, active, depth));
  }

  private Contender daemons(int disks, int depth) {
    String name = "%s-%d-of-%d".formatted(Peers.DAEMON, disks, disks);
    return peers.swarm(
        name, peers.daemonNulls(name, disks), new DiskSwarm.Shape(disks, disks, depth));
  }

  /** Latency below the peak. */
  private List<LatencyCell> ofLatency() {
    return List.of(
        new LatencyCell(
            "latency null",
            workload ->
                List.of(
                    peers.contender(MILLRACE, peers.millraceNulls(MILLRACE, 1), workload),
                    peers.contender(Peers.DAEMON, peers.daemonNulls(Peers.DAEMON, 1), workload))),
        new LatencyCell(
            "latency file buffered",
            workload ->
                List.of(
                    peers.contender(MILLRACE, peers.millraceFile(MILLRACE, image, false), workload),
                    peers.contender(
                        Peers.DAEMON, peers.daemonFile(Peers.DAEMON, image, false), workload))));
  }
}
