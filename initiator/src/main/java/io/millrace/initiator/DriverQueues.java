package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device's queues as its driver has them, whatever kind of device it is: negotiation, shared
 * memory, start and stop, and going on with another back-end. One thread; blocks.
 */
final class DriverQueues implements AutoCloseable {
  private static final int ACKNOWLEDGE = 1;
  private static final int DRIVER = 2;
  private static final int DRIVER_OK = 4;
  private static final int FEATURES_OK = 8;

  private final QueuePlan plan;
  private final GuestMemory memory;
  private final List<Place> places = new ArrayList<>();
  private final List<DriverQueue> queues = new ArrayList<>();
  private final int[] bases; // of queues that were suspended; a region of use counts more
  private Frontend frontend;
  private @Nullable InflightMemory inflight;
  private boolean running;

  /** Memory of a queue: its ring, its indirect tables, and what requests have beside data. */
  private record Place(VringLayout layout, IndirectTables tables, long control) {}

  private DriverQueues(Frontend frontend, GuestMemory memory, QueuePlan plan) {
    this.frontend = frontend;
    this.memory = memory;
    this.plan = plan;
    bases = new int[plan.queues()];
    Arrays.fill(bases, RingFormat.of(frontend.features()).firstBase());
  }

  /**
   * Tells a device what is wanted of it.
   *
   * @param frontend just connected; closed if this fails
   */
  static void negotiate(Frontend frontend, QueuePlan plan) throws InitiatorException {
    try {
      if (plan.queues() > frontend.maxQueues()) {
        throw new InitiatorException(
            Kind.UNSUPPORTED,
            "%s: %d queues wanted, the back-end has %d"
                .formatted(frontend.connection().name(), plan.queues(), frontend.maxQueues()));
      }
      status(frontend, ACKNOWLEDGE | DRIVER);
      frontend.setFeatures(plan.deviceFeatures());
      status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    } catch (InitiatorException e) {
      frontend.close();
      throw e;
    }
  }

  /**
   * Shares memory with a device and starts its queues.
   *
   * @param frontend negotiated; closed if this fails
   */
  static DriverQueues start(Frontend frontend, QueuePlan plan) throws InitiatorException {
    GuestMemory memory;
    try {
      memory =
          GuestMemory.create(
              ringBytes(plan) + plan.dataBytes(), GuestMemory.DEFAULT_GUEST_ADDRESS, plan.sealed());
    } catch (LinuxException e) {
      frontend.close();
      throw new InitiatorException(
          Kind.UNSUPPORTED, frontend.connection().name() + ": " + e.getMessage(), e);
    }
    DriverQueues started = new DriverQueues(frontend, memory, plan);
    try {
      frontend.shareMemory(List.of(memory));
      started.startAll();
      return started;
    } catch (InitiatorException e) {
      started.close();
      throw e;
    }
  }

  private static long ringBytes(QueuePlan plan) {
    long queue =
        VringLayout.bytes(RingFormat.of(plan.frontend().features()), plan.queueSize())
            + IndirectTables.bytes(plan.queueSize(), plan.indirectEntries())
            + plan.controlBytes();
    return plan.queues() * (queue + 3 * 64) + 4096;
  }

  private static void status(Frontend frontend, int status) throws InitiatorException {
    if (frontend.has(ProtocolFeature.STATUS)) {
      frontend.tell(new FrontendMessage.SetStatus(status));
    }
  }

  private void startAll() throws InitiatorException {
    if (frontend.has(ProtocolFeature.INFLIGHT_SHMFD)) {
      inflight = InflightMemory.ask(frontend, plan.queues(), plan.queueSize());
      frontend.giveInflight(inflight);
    }
    RingFormat format = RingFormat.of(frontend.features());
    long ringBytes = VringLayout.bytes(format, plan.queueSize());
    long tableBytes = IndirectTables.bytes(plan.queueSize(), plan.indirectEntries());
    for (int i = 0; i < plan.queues(); i++) {
      long ring = memory.allocate(ringBytes, 64);
      IndirectTables tables = IndirectTables.NONE;
      if (tableBytes > 0) {
        long host = memory.allocate(tableBytes, 64);
        tables = new IndirectTables(host, memory.guest(host), plan.indirectEntries());
      }
      long control = memory.allocate(plan.controlBytes(), 64);
      VringLayout layout = VringLayout.at(ring, format, plan.queueSize());
      places.add(new Place(layout, tables, control));
      queues.add(startQueue(i));
    }
    status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    running = true;
  }

  /** Starts a queue at its beginning, in the memory that it has. */
  private DriverQueue startQueue(int index) throws InitiatorException {
    Place place = places.get(index);
    long features = frontend.features();
    DriverRing ring = DriverRing.open(place.layout, features, place.tables);
    int base = RingFormat.of(features).firstBase();
    FrontendQueue events = frontend.startQueue(index, place.layout, base);
    return new DriverQueue(ring, events, place.control);
  }

  /** See {@link VirtioBlkDriver#resetQueue}. */
  DriverQueue resetQueue(int index) throws InitiatorException {
    if (!has(VirtioFeature.RING_RESET)) {
      throw new InitiatorException(
          Kind.UNSUPPORTED,
          frontend.connection().name() + ": RING_RESET, the reset of a queue, is not negotiated");
    }
    stopQueue(index);
    queues.get(index).events().close();
    DriverQueue fresh = startQueue(index);
    queues.set(index, fresh);
    return fresh;
  }

  /** See {@link VirtioBlkDriver#reconnect}. */
  void reconnect(Path socket) throws InitiatorException {
    long negotiated = frontend.features();
    frontend.close();
    frontend = Frontend.connect(socket, plan.frontend());
    negotiate(frontend, plan);
    InflightMemory region = inflight;
    if (frontend.features() != negotiated
        || (region == null) == frontend.has(ProtocolFeature.INFLIGHT_SHMFD)) {
      throw new InitiatorException(
          Kind.UNSUPPORTED,
          "%s: features 0x%x were negotiated, the back-end has 0x%x of them now"
              .formatted(socket, negotiated, frontend.features()));
    }
    frontend.shareMemory(List.of(memory));
    if (region != null) {
      frontend.giveInflight(region);
    }
    resume();
  }

  /** See {@link VirtioBlkDriver#resume}. */
  void resume() throws InitiatorException {
    for (int i = 0; i < queues.size(); i++) {
      DriverQueue queue = queues.get(i);
      frontend.resumeQueue(queue.events(), queue.ring().layout(), bases[i]);
    }
    status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    running = true;
  }

  /** See {@link VirtioBlkDriver#suspend}. */
  void suspend() throws InitiatorException {
    running = false;
    for (int i = 0; i < queues.size(); i++) {
      bases[i] = frontend.suspendQueue(i);
    }
  }

  /** Whether a feature was negotiated. */
  boolean has(long feature) {
    return VirtioFeature.has(frontend.features(), feature);
  }

  @Nullable InflightMemory inflight() {
    return inflight;
  }

  List<DriverQueue> queues() {
    return queues;
  }

  GuestMemory memory() {
    return memory;
  }

  Frontend frontend() {
    return frontend;
  }

  /** See {@link VirtioBlkDriver#stop}. */
  void stop() throws InitiatorException {
    running = false;
    for (int i = 0; i < queues.size(); i++) {
      stopQueue(i);
    }
    status(frontend, 0);
  }

  private void stopQueue(int index) throws InitiatorException {
    int base = frontend.stopQueue(index);
    int expected = queues.get(index).ring().base();
    // SPDK leaves the upper half out, where a packed ring's used position belongs.
    boolean all = base == expected || base == (expected & 0xffff);
    if (!all && index != plan.eventQueue()) {
      throw new InitiatorException(
          Kind.PROTOCOL,
          "%s: queue %d stopped at base 0x%x, everything up to 0x%x was offered"
              .formatted(frontend.connection().name(), index, base, expected));
    }
  }

  @Override
  public void close() {
    try {
      if (running) {
        stop();
      }
    } catch (InitiatorException e) {
      // The connection is going anyway, and with it the back-end's hold of the memory.
      running = false;
    }
    frontend.close();
    queues.forEach(queue -> queue.events().close());
    memory.close();
    if (inflight != null) {
      inflight.close();
    }
  }
}
