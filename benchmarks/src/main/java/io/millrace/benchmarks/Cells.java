package io.millrace.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The comparisons that decide whether Millrace is what it is meant to be, each with its bar.
 *
 * @param spdk null when there is none here
 */
record Cells(Sides sides, @Nullable Spdk spdk) {
  static final String MILLRACE = Sides.MILLRACE;
  private static final int DEPTH = 32;

  /** Without which nothing here means anything: Millrace beside itself. */
  Cell control() {
    Workload workload = Workload.random("randread", DEPTH);
    String again = MILLRACE + "-again";
    Lineup lineup =
        spdk == null
            ? new Lineup(sides.nullDisk(MILLRACE), sides.nullDisk(again))
            : new Lineup(
                spdk.bdevperf(MILLRACE, sides.peers().millraceNulls(MILLRACE, 1)),
                spdk.bdevperf(again, sides.peers().millraceNulls(again, 1)));
    return new Cell(
        "control, null, %s%s".formatted(workload.name(), spdk == null ? "" : ", bdevperf"),
        lineup,
        workload,
        new Comparison(0, 1, Figure.Bar.within(0.95, 1.05, "1.00 +- 0.05")));
  }

  /** All that has a bar, but for the control. */
  List<Measurement> all() {
    List<Measurement> all = new ArrayList<>();
    if (spdk != null) {
      all.addAll(underBdevperf(spdk));
    }
    all.addAll(file());
    all.add(daemon());
    all.addAll(besides());
    all.add(tracking());
    all.addAll(statistics());
    all.addAll(nvme());
    return all;
  }

  /** SPDK's initiator as the judge; the depths share their servers. */
  private List<Cell> underBdevperf(Spdk vhost) {
    Lineup malloc = mallocUnderBdevperf(vhost);
    Lineup nulls = nullUnderBdevperf(vhost);
    List<Cell> cells = new ArrayList<>();
    cells.add(bdevperf("malloc", malloc, 1, atLeast(1.3, 1.5), atMostP99()));
    cells.add(bdevperf("malloc", malloc, 32, atLeast(1.4, 1.7)));
    cells.add(bdevperf("malloc", malloc, 128, atLeast(1.4, 1.7)));
    Workload large = Workload.sequential("read", 8);
    cells.add(
        new Cell("malloc, %s, bdevperf".formatted(large.name()), malloc, large, atLeast(1.0, 1.0)));
    cells.add(bdevperf("null", nulls, 1, atLeast(1.2, 1.4), atMostP99()));
    cells.add(bdevperf("null", nulls, 32, atLeast(1.0, 1.15)));
    cells.add(bdevperf("null", nulls, 128, atLeast(1.0, 1.15)));
    Lineup scsi = scsiUnderBdevperf(vhost);
    for (int depth : new int[] {1, DEPTH, 128}) {
      Comparison blk = new Comparison(0, 2, Figure.Bar.atLeast(0.9, ">= 0.9"));
      cells.add(bdevperf("scsi, null", scsi, depth, atLeast(1.0, 1.15), blk));
    }
    return cells;
  }

  /** SCSI targets, and the same disk as blk. */
  private Lineup scsiUnderBdevperf(Spdk vhost) {
    String name = MILLRACE + "-scsi";
    String spdkName = Spdk.NAME + "-scsi";
    return new Lineup(
        vhost.bdevperf(name, DeviceKind.SCSI, sides.peers().millraceScsiNull(name)),
        vhost.bdevperf(spdkName, DeviceKind.SCSI, vhost.scsiNullDisk(spdkName)),
        vhost.bdevperf(MILLRACE, sides.peers().millraceNulls(MILLRACE, 1)));
  }

  Lineup mallocUnderBdevperf(Spdk vhost) {
    return new Lineup(
        vhost.bdevperf(MILLRACE, sides.peers().millraceMalloc(MILLRACE, Spdk.MALLOC_BYTES)),
        vhost.bdevperf(Spdk.NAME, vhost.malloc(Spdk.NAME, false)));
  }

  Lineup nullUnderBdevperf(Spdk vhost) {
    return new Lineup(
        vhost.bdevperf(MILLRACE, sides.peers().millraceNulls(MILLRACE, 1)),
        vhost.bdevperf(Spdk.NAME, vhost.nullDisk(Spdk.NAME, false)));
  }

  private static Cell bdevperf(String disk, Lineup lineup, int depth, Comparison... comparisons) {
    Workload workload = Workload.random("randread", depth);
    String name = "%s, %s, bdevperf".formatted(disk, workload.name());
    return new Cell(name, lineup, workload, comparisons);
  }

  private static Comparison atLeast(double least, double aim) {
    return new Comparison(0, 1, Figure.Bar.atLeast(least, ">= %s (aim %s)".formatted(least, aim)));
  }

  private static Comparison atMostP99() {
    return new Comparison(0, 1, Comparison.Measure.P99, Figure.Bar.atMost(0.9, "<= 0.9 (aim 0.7)"));
  }

  /**
   * A raw image; fio on the same image is what the kernel can do. SPDK's aio and uring bdevs both
   * open with O_DIRECT where the file system has it: buffered, Millrace stands against their only
   * way. Past the page cache the drive is the limit, and a server that sleeps while it works loses
   * what a wake-up takes: there Millrace polls as SPDK does, beside one that may sleep.
   */
  private List<Cell> file() {
    Workload workload = Workload.random("randread", DEPTH);
    Figure.Bar buffered = Figure.Bar.atLeast(1.1, ">= 1.1 (aim 1.4)");
    Figure.Bar direct = Figure.Bar.atLeast(1.0, ">= 1.0 (aim 1.05)");
    return List.of(
        fileCell(false, fileLineup(false), workload, buffered),
        fileCell(true, fileLineup(true, sides.polledFile()), workload, direct));
  }

  /** These first, then Millrace, fio, qemu-storage-daemon, and SPDK's two where there are. */
  Lineup fileLineup(boolean direct, Contender... first) {
    List<Contender> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(sides.file(direct), sides.fio(direct), sides.daemonFile(direct)));
    if (spdk != null) {
      for (String kind : List.of("uring", "aio")) {
        String name = Spdk.NAME + "-" + kind;
        Path image = direct ? sides.image() : sides.directImage();
        all.add(Peers.contender(name, spdk.file(name, kind, image)));
      }
    }
    return new Lineup(all.toArray(Contender[]::new));
  }

  /** One load on such a lineup. */
  static Cell fileCell(boolean direct, Lineup lineup, Workload workload, Figure.@Nullable Bar bar) {
    List<Comparison> comparisons = new ArrayList<>();
    for (int other = 1; other < lineup.size(); other++) {
      boolean isSpdk = lineup.name(other).startsWith(Spdk.NAME);
      comparisons.add(new Comparison(0, other, isSpdk ? bar : null));
    }
    String name = "file %s, %s".formatted(direct ? "O_DIRECT" : "buffered", workload.name());
    return new Cell(name, lineup, workload, comparisons.toArray(Comparison[]::new));
  }

  private Cell daemon() {
    Workload workload = Workload.random("randread", DEPTH);
    return new Cell(
        "null, " + workload.name(),
        new Lineup(sides.nullDisk(MILLRACE), sides.daemonNull()),
        workload,
        new Comparison(0, 1, Figure.Bar.atLeast(4, ">= 4 (aim 8)")));
  }

  /** What one busy disk loses by others that rest. */
  private List<Cell> besides() {
    List<Cell> cells = new ArrayList<>();
    Figure.Bar bar = Figure.Bar.atLeast(0.95, ">= 0.95 (aim 1.0)");
    for (int disks : new int[] {65, 1000}) {
      Lineup lineup = new Lineup(sides.nulls(disks, 1, DEPTH), sides.nulls(1, 1, DEPTH));
      for (int depth : new int[] {1, DEPTH}) {
        Workload workload = Workload.random("randread", depth);
        String name = "beside %d idle disks, null, %s".formatted(disks - 1, workload.name());
        cells.add(new Cell(name, lineup, workload, new Comparison(0, 1, bar)));
      }
    }
    return cells;
  }

  /** The NVMe driver on a controller made of memory, which the served core has to work as well. */
  private List<Cell> nvme() {
    Contender.Server nvme = ModelledDisk.server(sides.peers().socket("nvme", 0), true);
    Contender.Server none = ModelledDisk.server(sides.peers().socket("no-nvme", 0), false);
    Lineup lineup =
        spdk == null
            ? new Lineup(Peers.contender("nvme", nvme), Peers.contender("no-nvme", none))
            : new Lineup(spdk.bdevperf("nvme", nvme), spdk.bdevperf("no-nvme", none));
    List<Cell> cells = new ArrayList<>();
    for (int depth : new int[] {DEPTH, 128}) {
      Workload workload = Workload.random("randread", depth);
      String judge = spdk == null ? "" : ", bdevperf";
      cells.add(
          new Cell(
              "nvme model or null, %s%s".formatted(workload.name(), judge),
              lineup,
              workload,
              new Comparison(0, 1, Figure.Bar.atLeast(0.7, ">= 0.7"))));
    }
    return cells;
  }

  /** What histograms and looks at the queue cost, beyond what is always counted. */
  private List<Cell> statistics() {
    String measured = MILLRACE + "-measured";
    Lineup lineup =
        new Lineup(
            Peers.contender(measured, sides.peers().millraceMeasuredNull(measured)),
            sides.nullDisk(MILLRACE));
    List<Cell> cells = new ArrayList<>();
    for (int depth : new int[] {1, DEPTH}) {
      Workload workload = Workload.random("randread", depth);
      cells.add(
          new Cell(
              "statistics and histograms, null, " + workload.name(),
              lineup,
              workload,
              new Comparison(0, 1, Figure.Bar.atLeast(0.97, ">= 0.97"))));
    }
    return cells;
  }

  /** What the in-flight region costs, and the dirty log beside it. */
  private Cell tracking() {
    Workload workload = Workload.random("randread", DEPTH);
    Lineup lineup =
        new Lineup(
            sides.tracked("millrace-logging", DEPTH, Tracking.INFLIGHT_AND_LOG),
            sides.tracked("millrace-inflight", DEPTH, Tracking.INFLIGHT),
            sides.tracked("millrace-untracked", DEPTH, Tracking.NOTHING));
    return new Cell(
        "tracking, malloc, " + workload.name(),
        lineup,
        workload,
        new Comparison(0, 1, Figure.Bar.atLeast(0.9, ">= 0.9")),
        new Comparison(1, 2, Figure.Bar.atLeast(0.95, ">= 0.95")));
  }
}
