package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a load does, in the words that fio, {@code millrace perf} and bdevperf share.
 *
 * @param rw read, write, randread, randwrite, randrw
 * @param blockBytes of a request
 * @param depth requests at once
 * @param readPercent of randrw
 * @param packed whether the rings have the packed format
 * @param rateIops no more requests a second than this; 0 for as many as can be
 */
record Workload(
    String rw, int blockBytes, int depth, int readPercent, boolean packed, long rateIops) {
  /** 4 KiB at random offsets, drawn anew each time. */
  static Workload random(String rw, int depth) {
    return new Workload(rw, 4096, depth, 0, false, 0);
  }

  /** The same, some reads and the rest writes. */
  static Workload mix(int readPercent, int depth) {
    return new Workload("randrw", 4096, depth, readPercent, false, 0);
  }

  /** 128 KiB, one after the other. */
  static Workload sequential(String rw, int depth) {
    return new Workload(rw, 131_072, depth, 0, false, 0);
  }

  /** The same on packed rings. */
  Workload onPackedRings() {
    return new Workload(rw, blockBytes, depth, readPercent, true, rateIops);
  }

  /** The same, no faster than so many requests a second. */
  Workload atRate(long iops) {
    return new Workload(rw, blockBytes, depth, readPercent, packed, iops);
  }

  /** For headings: what is moved and how, without the rate. */
  String name() {
    return String.format(
        Locale.ROOT,
        "%d KiB %s%s, depth %d%s",
        blockBytes / 1024,
        isMix() ? "%d/%d ".formatted(readPercent, 100 - readPercent) : "",
        rw,
        depth,
        packed ? ", packed" : "");
  }

  boolean isMix() {
    return rw.equals("randrw");
  }

  /** Options of fio. */
  List<String> fioOptions() {
    List<String> options =
        new ArrayList<>(List.of("--rw=" + rw, "--bs=" + blockBytes, "--iodepth=" + depth));
    if (isMix()) {
      options.add("--rwmixread=" + readPercent);
    }
    if (rw.startsWith("rand")) {
      options.add("--norandommap");
    }
    if (rateIops > 0) {
      options.add("--rate_iops=" + rateIops);
    }
    return options;
  }
}
