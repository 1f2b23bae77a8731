package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-blk driver over a vhost-user socket: negotiates, shares memory, starts its queues.
 * Opening and closing block, one thread; each {@link BlkQueue} then belongs to whichever thread
 * uses it.
 */
public final class VirtioBlkDriver implements AutoCloseable {
  private static final int ACKNOWLEDGE = 1;
  private static final int DRIVER = 2;
  private static final int DRIVER_OK = 4;
  private static final int FEATURES_OK = 8;

  private Frontend frontend;
  private final GuestMemory memory;
  private final BlkConfig config;
  private final BlkDriverOptions options;
  private final List<QueuePlace> places = new ArrayList<>();
  private final List<BlkQueue> queues = new ArrayList<>();
  private final int[] bases; // of queues that were suspended; a region of use counts more
  private @Nullable InflightMemory inflight;
  private boolean running;

  /** Memory of a queue: its ring, its indirect tables, and what requests have beside data. */
  private record QueuePlace(VringLayout layout, IndirectTables tables, long control) {}

  private VirtioBlkDriver(
      Frontend frontend, GuestMemory memory, BlkConfig config, BlkDriverOptions options) {
    this.frontend = frontend;
    this.memory = memory;
    this.config = config;
    this.options = options;
    bases = new int[options.queues()];
    Arrays.fill(bases, RingFormat.of(frontend.features()).firstBase());
  }

  /**
   * Opens the device behind a socket and starts its queues.
   *
   * @param socket path of the back-end's socket
   */
  public static VirtioBlkDriver open(Path socket, BlkDriverOptions options)
      throws InitiatorException {
    return over(Frontend.connect(socket, options.frontend()), options);
  }

  /**
   * Opens the device of a back-end that connects, and starts its queues.
   *
   * @param listener where it connects to; stays the caller's
   */
  public static VirtioBlkDriver accept(VhostSocket listener, BlkDriverOptions options)
      throws InitiatorException {
    return over(Frontend.accept(listener, options.frontend()), options);
  }

  private static VirtioBlkDriver over(Frontend frontend, BlkDriverOptions options)
      throws InitiatorException {
    try {
      return open(frontend, options);
    } catch (InitiatorException e) {
      frontend.close();
      throw e;
    }
  }

  private static VirtioBlkDriver open(Frontend frontend, BlkDriverOptions options)
      throws InitiatorException {
    String name = frontend.connection().name();
    if (options.queues() > frontend.maxQueues()) {
      throw new InitiatorException(
          Kind.UNSUPPORTED,
          "%s: %d queues wanted, the back-end has %d"
              .formatted(name, options.queues(), frontend.maxQueues()));
    }
    negotiate(frontend, options);
    BlkConfig config = BlkConfig.decode(frontend.getConfig(0, BlkConfig.BYTES));
    GuestMemory memory;
    try {
      memory =
          GuestMemory.create(
              controlBytes(options) + options.dataBytes(),
              GuestMemory.DEFAULT_GUEST_ADDRESS,
              options.sealed());
    } catch (LinuxException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, name + ": " + e.getMessage(), e);
    }
    VirtioBlkDriver driver = new VirtioBlkDriver(frontend, memory, config, options);
    try {
      frontend.shareMemory(List.of(memory));
      driver.start();
      return driver;
    } catch (InitiatorException e) {
      driver.close();
      throw e;
    }
  }

  private static void negotiate(Frontend frontend, BlkDriverOptions options)
      throws InitiatorException {
    status(frontend, ACKNOWLEDGE | DRIVER);
    frontend.setFeatures(options.deviceFeatures());
    status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK);
  }

  private static long controlBytes(BlkDriverOptions options) {
    long queue =
        VringLayout.bytes(RingFormat.of(options.frontend().features()), options.queueSize())
            + IndirectTables.bytes(options.queueSize(), options.indirectEntries())
            + (long) options.depth() * BlkQueue.CONTROL_BYTES;
    return options.queues() * (queue + 3 * 64) + 4096;
  }

  private static void status(Frontend frontend, int status) throws InitiatorException {
    if (frontend.has(ProtocolFeature.STATUS)) {
      frontend.tell(new FrontendMessage.SetStatus(status));
    }
  }

  private void start() throws InitiatorException {
    if (frontend.has(ProtocolFeature.INFLIGHT_SHMFD)) {
      inflight = InflightMemory.ask(frontend, options.queues(), options.queueSize());
      frontend.giveInflight(inflight);
    }
    RingFormat format = RingFormat.of(frontend.features());
    long ringBytes = VringLayout.bytes(format, options.queueSize());
    long tableBytes = IndirectTables.bytes(options.queueSize(), options.indirectEntries());
    for (int i = 0; i < options.queues(); i++) {
      long ring = memory.allocate(ringBytes, 64);
      IndirectTables tables = IndirectTables.NONE;
      if (tableBytes > 0) {
        long host = memory.allocate(tableBytes, 64);
        tables = new IndirectTables(host, memory.guest(host), options.indirectEntries());
      }
      long control = memory.allocate((long) options.depth() * BlkQueue.CONTROL_BYTES, 64);
      VringLayout layout = VringLayout.at(ring, format, options.queueSize());
      places.add(new QueuePlace(layout, tables, control));
      queues.add(startQueue(i));
    }
    status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    running = true;
  }

  /** Starts a queue at its beginning, in the memory that it has. */
  private BlkQueue startQueue(int index) throws InitiatorException {
    QueuePlace place = places.get(index);
    long features = frontend.features();
    DriverRing ring = DriverRing.open(place.layout, features, place.tables);
    int base = RingFormat.of(features).firstBase();
    FrontendQueue events = frontend.startQueue(index, place.layout, base);
    return new BlkQueue(
        memory, ring, events, place.control, options.depth(), options.poisonStatus());
  }

  /**
   * Resets one queue while the others run (RING_RESET, virtio 1.3 §2.6.1): the device finishes what
   * it has there, and the queue starts anew with an empty ring. Completions that were not polled
   * before are lost with the old one.
   *
   * @param index of the queue; nobody else uses it meanwhile
   * @return the queue from now on
   * @throws InitiatorException UNSUPPORTED without that feature
   */
  public BlkQueue resetQueue(int index) throws InitiatorException {
    if (!has(VirtioFeature.RING_RESET)) {
      throw new InitiatorException(
          Kind.UNSUPPORTED,
          frontend.connection().name() + ": RING_RESET, the reset of a queue, is not negotiated");
    }
    stopQueue(index);
    queues.get(index).events().close();
    BlkQueue fresh = startQueue(index);
    queues.set(index, fresh);
    return fresh;
  }

  /**
   * Goes on with another back-end, or another connection to the same, after the last one ended
   * however it did: rings, memory and what is in flight stay. The in-flight region tells the
   * back-end what it has to finish. Nobody uses a queue meanwhile.
   *
   * @param socket path of the back-end's socket
   * @throws InitiatorException UNSUPPORTED if it does not offer the features that were negotiated,
   *     or offers more of those that the options ask for
   */
  public void reconnect(Path socket) throws InitiatorException {
    long negotiated = frontend.features();
    frontend.close();
    frontend = Frontend.connect(socket, options.frontend());
    negotiate(frontend, options);
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

  /**
   * Starts all queues again that {@link #suspend} stopped, with what they have in flight.
   *
   * @throws InitiatorException PROTOCOL when the back-end refuses that
   */
  public void resume() throws InitiatorException {
    for (int i = 0; i < queues.size(); i++) {
      BlkQueue queue = queues.get(i);
      frontend.resumeQueue(queue.events(), queue.ring().layout(), bases[i]);
    }
    status(frontend, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    running = true;
  }

  /**
   * Stops all queues at once, whatever the back-end has in flight: that stays noted in the
   * in-flight region, for {@link #resume} or {@link #reconnect}.
   *
   * @throws InitiatorException UNSUPPORTED without GET_VRING_BASE_SKIP_DRAIN
   */
  public void suspend() throws InitiatorException {
    running = false;
    for (int i = 0; i < queues.size(); i++) {
      bases[i] = frontend.suspendQueue(i);
    }
  }

  /** The device's configuration when it was opened. */
  public BlkConfig config() {
    return config;
  }

  /** Reads the configuration again. */
  public BlkConfig readConfig() throws InitiatorException {
    return BlkConfig.decode(frontend.getConfig(0, BlkConfig.BYTES));
  }

  /**
   * Switches the device's cache; writes submitted afterwards keep to it.
   *
   * @param on true for write-back, false for write-through
   * @throws InitiatorException REFUSED by a device without CONFIG_WCE
   */
  public void writeback(boolean on) throws InitiatorException {
    byte[] value = {(byte) (on ? 1 : 0)};
    frontend.setConfig(BlkConfig.WRITEBACK_OFFSET, ByteString.of(value));
  }

  /** Whether a feature of {@link VirtioBlk} was negotiated. */
  public boolean has(long feature) {
    return VirtioBlk.has(frontend.features(), feature);
  }

  /** The region in which the back-end remembers what it has in flight; null if it does not. */
  public @Nullable InflightMemory inflight() {
    return inflight;
  }

  /** How many queues were started. */
  public int queueCount() {
    return queues.size();
  }

  /** A queue, for one thread at a time. */
  public BlkQueue queue(int index) {
    return queues.get(index);
  }

  /** Memory for data: allocate from it before the queues are busy. */
  public GuestMemory memory() {
    return memory;
  }

  /** The connection. */
  public Frontend frontend() {
    return frontend;
  }

  /**
   * Runs one request alone on the first queue, for tests and set-up: nothing else may be in flight
   * there.
   *
   * @param timeoutNanos most to wait
   * @return its status
   * @throws InitiatorException UNREACHABLE when it was not done in time
   */
  public int run(int type, long sector, long address, int bytes, long timeoutNanos)
      throws InitiatorException {
    BlkQueue queue = queue(0);
    int[] result = {-1};
    queue.submit(type, sector, address, bytes, 0);
    queue.kick();
    long deadline = System.nanoTime() + timeoutNanos;
    try {
      while (queue.poll((token, status, written) -> result[0] = status) == 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || queue.isBroken()) {
          throw new InitiatorException(
              Kind.UNREACHABLE,
              "%s: request of type %d at sector %d is not done after %d ms"
                  .formatted(
                      frontend.connection().name(),
                      type,
                      sector,
                      TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
        }
        queue.sleep((int) TimeUnit.NANOSECONDS.toMillis(left) + 1);
      }
    } catch (LinuxException e) {
      throw new InitiatorException(
          Kind.UNREACHABLE, frontend.connection().name() + ": " + e.getMessage(), e);
    }
    return result[0];
  }

  /**
   * Stops all queues: the device finishes what it has and lets go of the rings.
   *
   * @throws InitiatorException PROTOCOL when a queue stops elsewhere than at its available index
   */
  public void stop() throws InitiatorException {
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
    if (base != expected && base != (expected & 0xffff)) {
      throw new InitiatorException(
          Kind.PROTOCOL,
          "%s: queue %d stopped at base 0x%x, everything up to 0x%x was offered"
              .formatted(frontend.connection().name(), index, base, expected));
    }
  }

  /** Stops the queues if {@link #stop} did not, then closes connection and memory. */
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
