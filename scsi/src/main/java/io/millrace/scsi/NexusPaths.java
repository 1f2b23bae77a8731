package io.millrace.scsi;

import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The ways of one reactor to the logical units that one initiator has at one target: opened when
 * first used. Data path, on that reactor, but for {@link #pathsOf}.
 */
public final class NexusPaths {
  private final Nexus nexus;
  private final Reactor reactor;
  private final LunPath nowhere;
  private final LunPath wellKnown;
  private final Map<Lun, LunPath> open = new ConcurrentHashMap<>();
  private NavigableMap<Integer, Lun> seen; // the list that the next two are of
  private @Nullable LunPath first; // of LUN 0, which most targets have alone
  private @Nullable LunPath last;
  private int lastNumber = -1;

  NexusPaths(Nexus nexus, Reactor reactor) {
    this.nexus = nexus;
    this.reactor = reactor;
    nowhere = new LunPath(nexus, reactor, false);
    wellKnown = new LunPath(nexus, reactor, true);
    seen = nexus.target().luns();
  }

  /**
   * The way to a LUN; one that answers as the standard wants when there is none.
   *
   * @param number any
   */
  @SuppressWarnings("ReferenceEquality") // a list that has changed is another object
  public LunPath find(int number) {
    NavigableMap<Integer, Lun> now = nexus.target().luns();
    if (now != seen) {
      seen = now;
      first = null;
      last = null;
    }
    LunPath usual = number == 0 ? first : number == lastNumber ? last : null;
    return usual != null ? usual : look(number);
  }

  /** The way to the REPORT LUNS well known logical unit (SPC-5 §8.2): LUN C101h. */
  public LunPath wellKnown() {
    return wellKnown;
  }

  private LunPath look(int number) {
    Lun lun = seen.get(number);
    if (lun == null) {
      return nowhere;
    }
    LunPath path = open.computeIfAbsent(lun, to -> new LunPath(nexus, to, reactor));
    if (number == 0) {
      first = path;
    } else {
      lastNumber = number;
      last = path;
    }
    return path;
  }

  /** All ways that are open. */
  public List<LunPath> all() {
    return List.copyOf(open.values());
  }

  /** Adds the way to a logical unit, if there is one; all ways for null. Any thread. */
  void pathsOf(@Nullable Lun lun, List<LunPath> into) {
    LunPath path = lun == null ? null : open.get(lun);
    if (path != null) {
      into.add(path);
    } else if (lun == null) {
      into.addAll(open.values());
    }
  }

  Reactor reactor() {
    return reactor;
  }

  /** A logical unit was taken off the list: the way to it goes, if there is one. */
  void detach(Lun lun, Runnable whenDetached) {
    LunPath path = open.get(lun);
    if (path == null) {
      whenDetached.run();
    } else {
      path.detach(() -> {
        open.remove(lun);
        whenDetached.run();
      });
    }
  }

  /** Closes all ways, with nothing in flight. */
  public void close() {
    new ArrayList<>(open.values()).forEach(LunPath::close);
    open.clear();
    nexus.closed(this);
  }
}
