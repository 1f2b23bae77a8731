package io.millrace.server.top;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The last figures of each thing that is shown, for sparklines. One thread. */
final class History {
  /** The widest line there is. */
  static final int LENGTH = 240;

  /** What has no name of its own. */
  static final String ALL = "all";

  /** The three figures of a thing that does I/O. */
  enum Figure {
    IOPS,
    BYTES,
    LATENCY
  }

  private static final double[] NOTHING = {};

  private final Map<String, double[]> series = new HashMap<>();
  private final Set<String> touched = new HashSet<>();

  /** Takes a frame's figures; what is not in it any more is forgotten. */
  void add(Frame frame) {
    touched.clear();
    add(ALL, frame.total(Rates::operations), frame.total(Rates::bytes), frame.latencyNanos());
    frame.devices().forEach(device -> add(device(device.name()), device.io()));
    frame.bdevs().forEach(bdev -> add(bdev(bdev.name()), bdev.io()));
    frame.reactors().forEach(one -> add(key(reactor(one.name()), Figure.IOPS), one.busy()));
    series.keySet().retainAll(touched);
  }

  static String device(String name) {
    return "device " + name;
  }

  static String bdev(String name) {
    return "bdev " + name;
  }

  /** A reactor, whose only figure is how busy it is, in place of IOPS. */
  static String reactor(String name) {
    return "reactor " + name;
  }

  private void add(String of, Rates rates) {
    add(of, rates.operations(), rates.bytes(), rates.latencyNanos());
  }

  private void add(String of, double iops, double bytes, double latency) {
    add(key(of, Figure.IOPS), iops);
    add(key(of, Figure.BYTES), bytes);
    add(key(of, Figure.LATENCY), latency);
  }

  private void add(String key, double value) {
    double[] before = series.getOrDefault(key, NOTHING);
    int kept = Math.min(before.length, LENGTH - 1);
    double[] after = new double[kept + 1];
    System.arraycopy(before, before.length - kept, after, 0, kept);
    after[kept] = value;
    series.put(key, after);
    touched.add(key);
  }

  /** Oldest first; empty for what is not known. */
  double[] of(String name, Figure figure) {
    return series.getOrDefault(key(name, figure), NOTHING).clone();
  }

  private static String key(String of, Figure figure) {
    return figure + " " + of;
  }
}
