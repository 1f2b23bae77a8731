package io.millrace.virtio.blk;

import io.millrace.vhost.user.server.DeviceStatistics;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueCounters;

/** A queue's context as far as it is the same for each fuzzed queue of a disk. */
abstract class FuzzedContext implements QueueContext {
  private final QueueCounters counters = new QueueCounters(new DeviceStatistics("fuzzed"));

  @Override
  public void chainsWanted() {
    // A disk wants them always.
  }

  @Override
  public int index() {
    return 0;
  }

  @Override
  public QueueCounters counters() {
    return counters;
  }

  @Override
  public boolean memoryMayVanish() {
    return false;
  }

  @Override
  public void milestone(int head, int value) {
    // Block requests note none.
  }
}
