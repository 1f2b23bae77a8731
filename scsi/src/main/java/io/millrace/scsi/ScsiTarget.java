package io.millrace.scsi;

import io.millrace.bdev.BdevDescriptor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A target with one port and its logical units by number (SAM-6 §4.6). Control thread, but for what
 * says otherwise.
 */
public final class ScsiTarget {
  /** Largest LUN that the flat addressing method can name (SAM-6 §4.7.7.3). */
  public static final int MAX_LUN = (1 << 14) - 1;

  private final TargetPort port;
  private final Set<Nexus> nexuses = ConcurrentHashMap.newKeySet();
  private volatile NavigableMap<Integer, Lun> luns = new TreeMap<>(); // replaced, never changed

  /** A target without logical units. */
  public ScsiTarget(TargetPort port) {
    this.port = port;
  }

  /** Its only port. Any thread. */
  public TargetPort port() {
    return port;
  }

  /**
   * Adds a logical unit.
   *
   * @param number not in use
   * @param descriptor stays the caller's; open until the unit was removed
   */
  public void add(int number, LogicalUnit unit, BdevDescriptor descriptor, boolean readOnly) {
    if (number < 0 || number > MAX_LUN || luns.containsKey(number)) {
      throw new IllegalArgumentException("LUN " + number);
    }
    TreeMap<Integer, Lun> more = new TreeMap<>(luns);
    more.put(number, new Lun(number, unit, descriptor, readOnly));
    unit.exposed(port);
    luns = more;
    lunsChanged();
  }

  /**
   * Removes a logical unit: commands to it that come from now on find none.
   *
   * @param gone runs on some reactor when none that came before uses it any more
   */
  public void remove(int number, Runnable gone) {
    TreeMap<Integer, Lun> fewer = new TreeMap<>(luns);
    Lun removed = fewer.remove(number);
    if (removed == null) {
      throw new IllegalArgumentException("no LUN " + number);
    }
    luns = fewer;
    removed.unit().withdrawn(port);
    lunsChanged();
    // Also those that have no way to it yet: one may be opened this moment, by the list before.
    List<NexusPaths> all = new ArrayList<>();
    nexuses.forEach(nexus -> nexus.allPaths(all));
    AtomicInteger missing = new AtomicInteger(all.size() + 1);
    Runnable one =
        () -> {
          if (missing.decrementAndGet() == 0) {
            nexuses.forEach(nexus -> nexus.drop(removed));
            gone.run();
          }
        };
    for (NexusPaths paths : all) {
      if (!paths.reactor().execute(() -> paths.detach(removed, one))) {
        one.run();
      }
    }
    one.run();
  }

  private void lunsChanged() {
    nexuses.forEach(nexus -> nexus.attention(UnitAttention.REPORTED_LUNS_DATA_HAS_CHANGED));
  }

  /** Numbers in use, ascending. Any thread. */
  public Collection<Integer> numbers() {
    return Collections.unmodifiableCollection(luns.keySet());
  }

  /** Which unit a number leads to, or null. Any thread. */
  public @Nullable LogicalUnit unit(int number) {
    Lun lun = luns.get(number);
    return lun == null ? null : lun.unit();
  }

  /** The list as it is now, always another object when it has changed. Any thread. */
  NavigableMap<Integer, Lun> luns() {
    return luns;
  }

  void joined(Nexus nexus) {
    nexuses.add(nexus);
  }

  void left(Nexus nexus) {
    nexuses.remove(nexus);
  }
}
