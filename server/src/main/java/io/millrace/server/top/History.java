package io.millrace.server.top;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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

  private final Map<String, Deque<Double>> series = new HashMap<>();
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
    Deque<Double> values = series.computeIfAbsent(key, _ -> new ArrayDeque<>());
    if (values.size() == LENGTH) {
      values.removeFirst();
    }
    values.addLast(value);
    touched.add(key);
  }

  /** Oldest first; empty for what is not known. */
  List<Double> of(String name, Figure figure) {
    Deque<Double> values = series.get(key(name, figure));
    return values == null ? List.of() : List.copyOf(values);
  }

  private static String key(String of, Figure figure) {
    return figure + " " + of;
  }
}
