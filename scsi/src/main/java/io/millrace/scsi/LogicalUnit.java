package io.millrace.scsi;

import io.millrace.bdev.Bdev;
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
  private final Set<LunNexus> nexuses = ConcurrentHashMap.newKeySet();
  private final Set<LunPath> paths = ConcurrentHashMap.newKeySet();

  /** Over a bdev that is open as long as this is used. */
  LogicalUnit(Bdev bdev) {
    this.bdev = bdev;
    modes = new ModePages(bdev.properties().volatileCache());
    sizes = new TransferSizes(bdev);
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

  int blockShift() {
    return sizes.blockShift();
  }

  /** The medium has another size now. */
  public void resized() {
    attention(UnitAttention.CAPACITY_DATA_HAS_CHANGED, null);
  }

  /** A logical unit reset, but for the tasks (SAM-6 §6.3.3): modes are the default ones again. */
  void reset() {
    modes.reset();
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

  void joined(LunNexus nexus) {
    nexuses.add(nexus);
  }

  void left(LunNexus nexus) {
    nexuses.remove(nexus);
  }

  void opened(LunPath path) {
    paths.add(path);
  }

  void closed(LunPath path) {
    paths.remove(path);
  }
}
