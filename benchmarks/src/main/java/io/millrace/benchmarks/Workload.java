package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * What a load does, in the words that fio and {@code millrace perf} share.
 *
 * @param name for headings
 * @param options of the command line
 */
record Workload(String name, List<String> options) {
  /** 4 KiB at random offsets, drawn anew each time. */
  static Workload random(String rw, int ioDepth) {
    return new Workload(
        "4 KiB %s, depth %d".formatted(rw, ioDepth),
        List.of("--rw=" + rw, "--bs=4k", "--norandommap", "--iodepth=" + ioDepth));
  }

  /** The same, some reads and the rest writes. */
  static Workload mix(int readPercent, int ioDepth) {
    return new Workload(
        "4 KiB %d/%d randrw, depth %d".formatted(readPercent, 100 - readPercent, ioDepth),
        List.of(
            "--rw=randrw",
            "--rwmixread=" + readPercent,
            "--bs=4k",
            "--norandommap",
            "--iodepth=" + ioDepth));
  }

  /** 128 KiB, one after the other. */
  static Workload sequential(String rw, int ioDepth) {
    return new Workload(
        "128 KiB %s, depth %d".formatted(rw, ioDepth),
        List.of("--rw=" + rw, "--bs=128k", "--iodepth=" + ioDepth));
  }

  /** The same on packed rings. */
  Workload packed() {
    List<String> more = new ArrayList<>(options);
    more.add("--packed");
    return new Workload(name + ", packed", more);
  }

  /** The same, no faster than so many requests a second. */
  Workload atRate(long iops) {
    List<String> rated = new ArrayList<>(options);
    rated.add("--rate_iops=" + iops);
    return new Workload("%s, %d IOPS".formatted(name, iops), rated);
  }
}
