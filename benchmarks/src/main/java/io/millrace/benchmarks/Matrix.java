package io.millrace.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every comparison there is, for {@code --all}; what {@link Cells} has with a bar is not here
 * again.
 *
 * @param spdk null when there is none here
 */
record Matrix(Sides sides, Cells cells, @Nullable Spdk spdk) {
  private static final int[] DEPTHS = {1, 8, 32, 128};
  private static final int DEPTH = 32;

  /** Rates of a disk that does less than it could. */
  private static final List<Long> RATES =
      List.of(1_000L, 10_000L, 50_000L, 100_000L, 200_000L, 500_000L);

  /** So few that everything sleeps in between: each is a wake-up. */
  private static final List<Long> WAKE_UPS = List.of(200L);

  /** Of one side alone, for some hundred wake-ups: these are too few for slices. */
  private static final Duration LONG_SLICE = Duration.ofSeconds(2);

  /** Small ones at every depth, long ones. */
  static List<Workload> workloads() {
    List<Workload> workloads = new ArrayList<>();
    for (int depth : DEPTHS) {
      workloads.add(Workload.random("randread", depth));
      workloads.add(Workload.random("randwrite", depth));
      workloads.add(Workload.mix(70, depth));
    }
    workloads.add(Workload.sequential("read", 8));
    workloads.add(Workload.sequential("write", 8));
    return workloads;
  }

  List<Measurement> all() {
    List<Measurement> all = new ArrayList<>();
    memory("null", sides.nullDisk(Cells.MILLRACE), true, all);
    memory("malloc", sides.malloc(Cells.MILLRACE), false, all);
    all.addAll(formats());
    if (spdk != null) {
      bdevperf("malloc", cells.mallocUnderBdevperf(spdk), all);
      bdevperf("null", cells.nullUnderBdevperf(spdk), all);
    }
    for (boolean direct : new boolean[] {false, true}) {
      Lineup lineup = cells.fileLineup(direct);
      for (Workload workload : workloads()) {
        if (!isDefault(workload)) {
          all.add(Cells.fileCell(direct, lineup, workload, null));
        }
      }
    }
    all.addAll(disks());
    all.addAll(rates());
    return all;
  }

  private static boolean isDefault(Workload workload) {
    return workload.equals(Workload.random("randread", DEPTH));
  }

  /** Under our load, on split rings and, where both sides have them, on packed ones. */
  private void memory(String disk, Contender millrace, boolean daemon, List<Measurement> all) {
    List<Contender> contenders = new ArrayList<>(List.of(millrace));
    if (daemon) {
      contenders.add(sides.daemonNull());
    }
    if (spdk != null) {
      contenders.add(vhost(spdk, daemon, false));
    }
    Lineup lineup = new Lineup(contenders.toArray(Contender[]::new));
    for (Workload workload : workloads()) {
      if (!daemon || !isDefault(workload)) {
        all.add(againstAll(disk, lineup, workload));
      }
    }
    if (spdk != null) {
      Lineup packed = new Lineup(millrace, vhost(spdk, daemon, true));
      for (Workload workload : workloads()) {
        all.add(againstAll(disk, packed, workload.onPackedRings()));
      }
    }
  }

  private static Contender vhost(Spdk spdk, boolean nulls, boolean packed) {
    return Peers.contender(
        Spdk.NAME, nulls ? spdk.nullDisk(Spdk.NAME, packed) : spdk.malloc(Spdk.NAME, packed));
  }

  private static Cell againstAll(String disk, Lineup lineup, Workload workload) {
    List<Comparison> comparisons = new ArrayList<>();
    for (int other = 1; other < lineup.size(); other++) {
      comparisons.add(new Comparison(0, other, null));
    }
    return new Cell(
        "%s, %s, our load".formatted(disk, workload.name()),
        lineup,
        workload,
        comparisons.toArray(Comparison[]::new));
  }

  /** What the packed format of a ring costs or saves. */
  private List<Cell> formats() {
    List<Cell> all = new ArrayList<>();
    for (boolean malloc : new boolean[] {false, true}) {
      Contender split = malloc ? sides.malloc("split") : sides.nullDisk("split");
      Contender packed = malloc ? sides.malloc("packed") : sides.nullDisk("packed");
      Load onPacked = new PackedLoad(packed.load());
      Lineup lineup = new Lineup(new Contender(packed.name(), packed.server(), onPacked), split);
      for (int depth : new int[] {1, DEPTH}) {
        Workload workload = Workload.random("randread", depth);
        String name = "rings, %s, %s".formatted(malloc ? "malloc" : "null", workload.name());
        Figure.Bar bar = Figure.Bar.atLeast(0.97, ">= 0.97");
        all.add(new Cell(name, lineup, workload, new Comparison(0, 1, bar)));
      }
    }
    return all;
  }

  private void bdevperf(String disk, Lineup lineup, List<Measurement> all) {
    for (Workload workload : workloads()) {
      boolean randomReads = workload.rw().equals("randread") && workload.depth() != 8;
      boolean longReads = disk.equals("malloc") && workload.equals(Workload.sequential("read", 8));
      if (!randomReads && !longReads) {
        String name = "%s, %s, bdevperf".formatted(disk, workload.name());
        all.add(new Cell(name, lineup, workload, new Comparison(0, 1, null)));
      }
    }
  }

  /** Many disks on one core, all busy; and a disk beside one that wants long copies. */
  private List<Cell> disks() {
    Workload workload = Workload.random("randread", DEPTH);
    return List.of(
        new Cell(
            "disks, all busy, %s each".formatted(workload.name()),
            new Lineup(
                sides.nulls(1, 1, DEPTH),
                sides.nulls(10, 10, DEPTH),
                sides.nulls(100, 100, DEPTH),
                sides.daemonNulls(1, DEPTH),
                sides.daemonNulls(10, DEPTH)),
            workload,
            new Comparison(1, 0, null),
            new Comparison(2, 0, null),
            new Comparison(1, 4, null),
            new Comparison(4, 3, null)),
        new Cell(
            "disks, fairness, %s, beside 1 MiB reads, depth 32".formatted(workload.name()),
            new Lineup(sides.mallocs("beside", DEPTH, 1 << 20), sides.mallocs("alone", DEPTH, 0)),
            workload,
            new Comparison(0, 1, null)));
  }

  /** Below the peak: latency, and what the servers cost. */
  private List<Measurement> rates() {
    List<Contender> nulls =
        new ArrayList<>(List.of(sides.nullDisk(Cells.MILLRACE), sides.daemonNull()));
    if (spdk != null) {
      nulls.add(Peers.contender(Spdk.NAME, spdk.nullDisk(Spdk.NAME, false)));
    }
    Lineup lineup = new Lineup(nulls.toArray(Contender[]::new));
    List<Measurement> all = new ArrayList<>();
    all.add(new LatencyCell("latency null", lineup, List.of(), LatencyCell.SLICE));
    all.add(new LatencyCell("CPU against IOPS, null", lineup, RATES, LatencyCell.SLICE));
    all.add(
        new LatencyCell(
            "latency file buffered", cells.fileLineup(false), List.of(), LatencyCell.SLICE));
    for (Contender alone : nulls) {
      String name = "wake-up, null, %s alone".formatted(alone.name());
      all.add(new LatencyCell(name, new Lineup(alone), WAKE_UPS, LONG_SLICE));
    }
    return all;
  }
}
