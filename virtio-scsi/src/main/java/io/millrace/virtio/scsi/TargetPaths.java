package io.millrace.virtio.scsi;

import io.millrace.reactor.Reactor;
import io.millrace.scsi.LunPath;
import io.millrace.scsi.Nexus;
import io.millrace.scsi.NexusPaths;
import io.millrace.scsi.ScsiTarget;
import org.jspecify.annotations.Nullable;

/** The ways of one queue to all targets of its controller. Data path, on the queue's reactor. */
final class TargetPaths {
  private final ScsiSession session;
  private final Reactor reactor;
  private final @Nullable NexusPaths[] paths = new NexusPaths[ScsiConfig.TARGETS];
  private final @Nullable ScsiTarget[] seen = new ScsiTarget[ScsiConfig.TARGETS];

  TargetPaths(ScsiSession session, Reactor reactor) {
    this.session = session;
    this.reactor = reactor;
  }

  /**
   * The way that a driver's address leads; null when there is no such target.
   *
   * @param address see {@link LunAddress}
   */
  @Nullable LunPath find(long address) {
    if (!LunAddress.isOurs(address)) {
      return null;
    }
    int target = LunAddress.target(address);
    ScsiTarget now = session.device().target(target);
    NexusPaths to = paths[target];
    if (now != seen[target]) {
      to = change(target, now);
    }
    if (to == null) {
      return null;
    }
    return LunAddress.isReportLuns(address) ? to.wellKnown() : to.find(LunAddress.number(address));
  }

  /** Another target has this number now, or none; the one before has no commands any more. */
  private @Nullable NexusPaths change(int target, @Nullable ScsiTarget now) {
    NexusPaths before = paths[target];
    if (before != null) {
      before.close();
    }
    Nexus nexus = now == null ? null : session.nexus(now);
    NexusPaths to = nexus == null ? null : nexus.pathsOn(reactor);
    seen[target] = now;
    paths[target] = to;
    return to;
  }

  /** Closes all ways, with nothing in flight. */
  void close() {
    for (NexusPaths each : paths) {
      if (each != null) {
        each.close();
      }
    }
  }
}
