package io.millrace.nvme.model;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a driver did that the specification forbids. Any thread. */
final class Violations {
  private static final int MOST = 1000;

  private final List<String> all = new CopyOnWriteArrayList<>();

  void add(String violation) {
    if (all.size() < MOST) {
      all.add(violation);
    }
  }

  List<String> all() {
    return List.copyOf(all);
  }
}
