package io.millrace.benchmarks;

import java.util.List;

/**
 * Sides that are compared under one load after another, their servers and loads staying alive. Two
 * of the same sides are not the same: identity tells {@link Stage} what to keep.
 */
final class Lineup {
  private final List<Contender> contenders;

  Lineup(Contender... contenders) {
    this.contenders = List.of(contenders);
  }

  List<Contender> contenders() {
    return contenders;
  }

  String name(int side) {
    return contenders.get(side).name();
  }

  int size() {
    return contenders.size();
  }
}
