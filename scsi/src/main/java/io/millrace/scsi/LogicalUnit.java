package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk as SCSI sees it (SAM-6 §4.6): one for each bdev, however many LUNs of however many targets
 * lead to it. Any thread.
 */
public final class LogicalUnit {
  private final Bdev bdev;
  private final ModePages modes;
  private final TransferSizes sizes;
  private final UnitClock clock = new UnitClock();
  private final IdentifyingTexts texts = new IdentifyingTexts();
  private final LogCounters counters;
  private volatile boolean stopped;
  private final Set<LunNexus> nexuses = ConcurrentHashMap.newKeySet();
  private final Set<LunPath> paths = ConcurrentHashMap.newKeySet();
  private final Map<TargetPort, Integer> ports = new ConcurrentHashMap<>(); // and how many LUNs
  private final PersistentReservations reservations;

  /**
   * Over a bdev that is open as long as this is used.
   *
   * @param store that remembers its reservations; null when nobody does
   * @throws BdevException what it remembers cannot be believed
   */
  LogicalUnit(Bdev bdev, @Nullable ReservationStore store) throws BdevException {
    this.bdev = bdev;
    reservations = new PersistentReservations(this, store);
    modes = new ModePages(bdev.properties().volatileCache());
    sizes = new TransferSizes(bdev);
    counters = new LogCounters(bdev);
  }

  /** What it stands on. */
  public Bdev bdev() {
    return bdev;
  }

  ModePages modes() {
    return modes;
  }

  TransferSizes sizes() {
    return sizes;
  }

  PersistentReservations reservations() {
    return reservations;
  }

  int blockShift() {
    return sizes.blockShift();
  }

  UnitClock clock() {
    return clock;
  }

  IdentifyingTexts texts() {
    return texts;
  }

  LogCounters counters() {
    return counters;
  }

  /** Whether START STOP UNIT has stopped it: its medium cannot be used. */
  boolean isStopped() {
    return stopped;
  }

  void stopped(boolean now) {
    stopped = now;
  }

  /** The medium has another size now. */
  public void resized() {
    attention(UnitAttention.CAPACITY_DATA_HAS_CHANGED, null);
  }

  /**
   * A logical unit reset, but for the tasks (SAM-6 §6.3.3): modes are the default ones again, and a
   * reservation of SPC-2 is over.
   */
  void reset() {
    modes.reset();
    reservations.reset();
    attention(UnitAttention.BUS_DEVICE_RESET_FUNCTION_OCCURRED, null);
  }

  /** All initiators but one are told of something. */
  void attention(UnitAttention condition, @Nullable LunNexus except) {
    for (LunNexus each : nexuses) {
      if (!each.equals(except)) {
        each.attention(condition);
      }
    }
  }

  /** Every initiator that has a LUN for it. */
  Set<LunNexus> nexuses() {
    return nexuses;
  }

  /** Every way to it that is open. */
  Set<LunPath> paths() {
    return paths;
  }

  /** Every target port by which there is a LUN for it. */
  Set<TargetPort> ports() {
    return ports.keySet();
  }

  /** A target has one more LUN for it. */
  void exposed(TargetPort port) {
    ports.merge(port, 1, Integer::sum);
  }

  /** A target has one LUN less for it. */
  void withdrawn(TargetPort port) {
    ports.computeIfPresent(port, (same, luns) -> luns == 1 ? null : luns - 1);
  }

  void joined(LunNexus nexus) {
    nexuses.add(nexus);
  }

  void left(LunNexus nexus) {
    nexuses.remove(nexus);
    reservations.lost(nexus.name());
  }

  void opened(LunPath path) {
    paths.add(path);
  }

  void closed(LunPath path) {
    paths.remove(path);
  }
}
