package io.millrace.scsi;

import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An I_T nexus: one initiator and one target (SAM-6 §4.8). Any thread; each reactor has {@link
 * NexusPaths} of its own.
 */
public final class Nexus {
  private final InitiatorPort initiator;
  private final ScsiTarget target;
  private final Map<Lun, LunNexus> luns = new ConcurrentHashMap<>();
  private final Set<NexusPaths> paths = ConcurrentHashMap.newKeySet();

  /** An initiator has logged in. */
  public Nexus(InitiatorPort initiator, ScsiTarget target) {
    this.initiator = initiator;
    this.target = target;
    target.joined(this);
  }

  /** Who sends commands. */
  public InitiatorPort initiator() {
    return initiator;
  }

  /** Where they go. */
  public ScsiTarget target() {
    return target;
  }

  /** The ways of one reactor to the target's logical units. On that reactor. */
  public NexusPaths pathsOn(Reactor reactor) {
    NexusPaths made = new NexusPaths(this, reactor);
    paths.add(made);
    return made;
  }

  void closed(NexusPaths closed) {
    paths.remove(closed);
  }

  /** What this nexus and a logical unit have to do with one another. */
  LunNexus with(Lun lun) {
    return luns.computeIfAbsent(lun, to -> new LunNexus(this, to));
  }

  /** Tells the initiator of something, by every logical unit. */
  void attention(UnitAttention condition) {
    for (Lun lun : target.luns().values()) {
      with(lun).attention(condition);
    }
  }

  /** The initiator has been told of all that is pending of a kind, by one logical unit for all. */
  void forget(UnitAttention condition) {
    luns.values().forEach(each -> each.forget(condition));
  }

  /** A logical unit was removed. */
  void drop(Lun lun) {
    LunNexus dropped = luns.remove(lun);
    if (dropped != null) {
      dropped.close();
    }
  }

  /** Adds the ways to one logical unit, of all reactors; those to all units for null. */
  void pathsOf(@Nullable Lun lun, List<LunPath> into) {
    paths.forEach(each -> each.pathsOf(lun, into));
  }

  void allPaths(List<NexusPaths> into) {
    into.addAll(paths);
  }

  /** The initiator is gone; all its paths are closed. */
  public void close() {
    target.left(this);
    luns.values().forEach(LunNexus::close);
    luns.clear();
  }

  @Override
  public String toString() {
    return initiator.name() + " at " + target.port().name();
  }
}
