package io.millrace.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The comparisons with SPDK's vhost: under our load, and both under SPDK's own.
 *
 * @param image that all file sides use
 */
record SpdkCells(Peers peers, Spdk spdk, Path image) {
  private static final String MILLRACE = "millrace";
  private static final Figure.Bar PARITY = Figure.Bar.atLeast(1, ">= 1");

  List<Measurement> all() {
    List<Measurement> cells = new ArrayList<>();
    List<Workload> workloads = new ArrayList<>(Cells.workloads());
    workloads.add(Workload.random("randread", 1));
    for (Workload workload : workloads) {
      cells.add(
          cell(
              "spdk null, " + workload.name(),
              peers.contender(MILLRACE, peers.millraceNulls(MILLRACE, 1), workload),
              peers.contender(Spdk.NAME, spdk.nullDisk(Spdk.NAME), workload)));
    }
    for (Workload workload : Cells.workloads()) {
      cells.add(
          cell(
              "spdk malloc, " + workload.name(),
              peers.contender(
                  MILLRACE, peers.millraceMalloc(MILLRACE, Spdk.MALLOC_BYTES), workload),
              peers.contender(Spdk.NAME, spdk.malloc(Spdk.NAME), workload)));
    }
    for (Workload workload :
        List.of(Workload.random("randread", 32), Workload.random("randwrite", 32))) {
      cells.add(file(workload));
    }
    for (int depth : new int[] {1, 32, 128}) {
      cells.add(bdevperfNull("randread", 4096, depth));
    }
    cells.add(bdevperfMalloc("randread", 4096, 32));
    cells.add(bdevperfMalloc("randwrite", 4096, 32));
    cells.add(bdevperfMalloc("read", 131_072, 8));
    cells.add(latency());
    return cells;
  }

  private LatencyCell latency() {
    return new LatencyCell(
        "spdk latency null",
        workload ->
            List.of(
                peers.contender(MILLRACE, peers.millraceNulls(MILLRACE, 1), workload),
                peers.contender(Spdk.NAME, spdk.nullDisk(Spdk.NAME), workload)));
  }

  private static Cell cell(String name, Contender millrace, Contender vhost) {
    return new Cell(name, List.of(millrace, vhost), List.of(new Cell.Comparison(0, 1, PARITY)));
  }

  private Cell file(Workload workload) {
    String aio = Spdk.NAME + "-aio";
    String uring = Spdk.NAME + "-uring";
    return new Cell(
        "spdk file O_DIRECT, " + workload.name(),
        List.of(
            peers.contender(MILLRACE, peers.millraceFile(MILLRACE, image, true), workload),
            peers.contender(aio, spdk.file(aio, "aio", image), workload),
            peers.contender(uring, spdk.file(uring, "uring", image), workload)),
        List.of(
            new Cell.Comparison(0, 1, Figure.Bar.atLeast(0.9, ">= 0.9")),
            new Cell.Comparison(0, 2, Figure.Bar.atLeast(0.9, ">= 0.9"))));
  }

  private Cell bdevperfNull(String rw, int bytes, int depth) {
    return bdevperf(
        "null", peers.millraceNulls(MILLRACE, 1), spdk.nullDisk(Spdk.NAME), rw, bytes, depth);
  }

  private Cell bdevperfMalloc(String rw, int bytes, int depth) {
    return bdevperf(
        "malloc",
        peers.millraceMalloc(MILLRACE, Spdk.MALLOC_BYTES),
        spdk.malloc(Spdk.NAME),
        rw,
        bytes,
        depth);
  }

  private Cell bdevperf(
      String disk,
      Contender.Server millrace,
      Contender.Server vhost,
      String rw,
      int bytes,
      int depth) {
    return cell(
        "spdk bdevperf %s, %d KiB %s, depth %d".formatted(disk, bytes / 1024, rw, depth),
        spdk.bdevperf(MILLRACE, millrace, rw, bytes, depth),
        spdk.bdevperf(Spdk.NAME, vhost, rw, bytes, depth));
  }
}
