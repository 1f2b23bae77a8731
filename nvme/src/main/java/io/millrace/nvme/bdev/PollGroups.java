package io.millrace.nvme.bdev;

import io.millrace.nvme.NvmeController;
import io.millrace.nvme.TransportStatistics;
import io.millrace.reactor.Reactor;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the I/O queue pairs of a reactor did together, whichever controllers they are of: SPDK's
 * poll group. A sum never falls when a controller leaves, or who reads it now and then would see
 * its rate jump. Control thread.
 */
final class PollGroups {
  private final Map<Reactor, TransportStatistics> left = new HashMap<>(); // of former controllers

  PollGroups() {}

  /** A controller has been given back: what its queue pairs did stays in the sums. */
  void leave(NvmeController controller) {
    controller
        .statistics()
        .forEach((reactor, did) ->
            left.computeIfAbsent(reactor, first -> new TransportStatistics()).add(did));
  }

  /** The sums of each reactor that has a queue pair of one of these, by the reactors' ids. */
  Map<Reactor, TransportStatistics> of(Collection<NvmeController> controllers) {
    Map<Reactor, TransportStatistics> sums =
        new TreeMap<>(Comparator.comparingLong(Reactor::threadId));
    for (NvmeController controller : controllers) {
      controller.reactors().forEach(reactor -> sums.put(reactor, new TransportStatistics()));
    }
    add(left, sums);
    controllers.forEach(controller -> add(controller.statistics(), sums));
    return sums;
  }

  private static void add(
      Map<Reactor, TransportStatistics> some, Map<Reactor, TransportStatistics> sums) {
    some.forEach((reactor, did) -> {
      TransportStatistics sum = sums.get(reactor);
      if (sum != null) {
        sum.add(did);
      }
    });
  }
}
