package io.millrace.virtio.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.MemoryRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.ScsiTarget;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.VhostDevice;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A SCSI host device with up to 256 targets, for any number of front-ends, each of which is an
 * initiator. Control thread, unless said otherwise.
 */
final class ScsiDevice implements VhostDevice {
  /** Queues offered; memory is taken for those that run. */
  static final int QUEUES = 256;

  private record Range(long address, long bytes) {}

  private final String name;
  private final Placement placement;
  private final MemoryRegistry memory;
  private final AtomicReferenceArray<@Nullable ScsiTarget> targets =
      new AtomicReferenceArray<>(ScsiConfig.TARGETS);
  private final List<Bdev> bdevs = new ArrayList<>(); // one for each logical unit
  private final List<Range> ranges = new ArrayList<>();
  private final List<ScsiSession> sessions = new ArrayList<>();
  private final BitSet initiators = new BitSet();
  private volatile Coalescing coalescing = Coalescing.OFF;

  /** A device without targets. */
  ScsiDevice(String name, Placement placement, MemoryRegistry memory) {
    this.name = name;
    this.placement = placement;
    this.memory = memory;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long features() {
    return ScsiFeature.OFFERED;
  }

  @Override
  public int queueCount() {
    return QUEUES;
  }

  @Override
  public Reactor reactorFor(int queueIndex) {
    return placement.reactor(Math.max(0, queueIndex - ScsiConfig.FIRST_REQUEST_QUEUE));
  }

  @Override
  public Coalescing coalescing() {
    return coalescing;
  }

  void coalescing(Coalescing setting) {
    coalescing = setting;
  }

  /** The target of a number, or null. Any thread. */
  @Nullable ScsiTarget target(int number) {
    return targets.get(number);
  }

  /** There is another target of this number from now on, or none. */
  void target(int number, @Nullable ScsiTarget target) {
    ScsiTarget before = targets.getAndSet(number, target);
    if (before != null) {
      sessions.forEach(session -> session.forget(before));
    }
  }

  /** A logical unit uses this bdev: it has to know the memory of requests. */
  void using(Bdev bdev) {
    bdevs.add(bdev);
    ranges.forEach(range -> memory.add(bdev, range.address, range.bytes));
  }

  /** A logical unit does not use it any more. */
  void notUsing(Bdev bdev) {
    bdevs.remove(bdev);
    ranges.forEach(range -> memory.remove(bdev, range.address, range.bytes));
  }

  @Override
  public void memoryAdded(long address, long bytes) {
    ranges.add(new Range(address, bytes));
    bdevs.forEach(bdev -> memory.add(bdev, address, bytes));
  }

  @Override
  public void memoryRemoved(long address, long bytes) {
    ranges.remove(new Range(address, bytes));
    bdevs.forEach(bdev -> memory.remove(bdev, address, bytes));
  }

  /** Tells every driver of something. */
  void tell(ScsiEvent event) {
    sessions.forEach(session -> session.tell(event));
  }

  @Override
  public DeviceSession newSession() {
    int initiator = initiators.nextClearBit(0);
    initiators.set(initiator);
    // A guest alone on its socket has the same name whenever it comes back.
    ScsiSession session =
        new ScsiSession(this, initiator, initiator == 0 ? name : name + "#" + initiator);
    sessions.add(session);
    return session;
  }

  void closed(ScsiSession session) {
    sessions.remove(session);
    initiators.clear(session.number());
  }
}
