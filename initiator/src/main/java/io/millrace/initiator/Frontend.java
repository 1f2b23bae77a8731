package io.millrace.initiator;

import io.millrace.initiator.FrontendConnection.Answer;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.BackendMessage;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.Limits;
import io.millrace.vhost.user.LogArea;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.VringAddress;
import io.millrace.vhost.user.VringMessage;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A vhost-user front-end: what QEMU is to a back-end, without a guest. Control plane: every method
 * blocks until the back-end has answered, where the protocol lets it answer. One thread at a time.
 *
 * <p>Order of life: {@link #connect} negotiates protocol features; {@link #setFeatures}; {@link
 * #shareMemory}; {@link #startQueue} for each queue; {@link #stopQueue}; {@link #close}.
 */
public final class Frontend implements AutoCloseable {
  private static final long LOG_ALL = 1L << ProtocolFeature.LOG_ALL_VIRTIO_BIT;

  private final FrontendConnection connection;
  private final FrontendOptions options;
  private final List<GuestMemory> shared = new ArrayList<>();
  private long offeredFeatures;
  private long features;
  private long protocolFeatures;
  private int maxQueues = 1;
  private @Nullable BackendRequests backendRequests;
  private final Map<Integer, VringLayout> rings = new TreeMap<>(); // that run
  private boolean logging;

  private Frontend(FrontendConnection connection, FrontendOptions options) {
    this.connection = connection;
    this.options = options;
  }

  /**
   * Connects and negotiates protocol features.
   *
   * @param socket path of the back-end's socket
   */
  public static Frontend connect(Path socket, FrontendOptions options) throws InitiatorException {
    return negotiated(
        FrontendConnection.open(socket, options.connectWithin(), options.timeout()), options);
  }

  /**
   * Waits for a back-end that connects, and negotiates protocol features.
   *
   * @param listener where it connects to; stays the caller's
   */
  public static Frontend accept(VhostSocket listener, FrontendOptions options)
      throws InitiatorException {
    return negotiated(
        FrontendConnection.accept(listener, options.connectWithin(), options.timeout()), options);
  }

  private static Frontend negotiated(FrontendConnection connection, FrontendOptions options)
      throws InitiatorException {
    Frontend frontend = new Frontend(connection, options);
    try {
      frontend.negotiate();
      return frontend;
    } catch (InitiatorException e) {
      frontend.close();
      throw e;
    }
  }

  private void negotiate() throws InitiatorException {
    offeredFeatures = connection.askWord(new FrontendMessage.GetFeatures());
    boolean extended = (offeredFeatures & 1L << ProtocolFeature.VIRTIO_BIT) != 0;
    if (extended && !options.protocolFeatures().isEmpty()) {
      long offered = connection.askWord(new FrontendMessage.GetProtocolFeatures());
      protocolFeatures = offered & ProtocolFeature.mask(options.protocolFeatures());
      connection.send(new FrontendMessage.SetProtocolFeatures(protocolFeatures), false, List.of());
    }
    tell(new FrontendMessage.SetOwner());
    if (has(ProtocolFeature.MQ)) {
      maxQueues = (int) connection.askWord(new FrontendMessage.GetQueueNum());
    }
    if (has(ProtocolFeature.BACKEND_REQ)) {
      backendRequests = BackendRequests.open(this);
    }
  }

  /** Whether a protocol feature was negotiated. */
  public boolean has(ProtocolFeature feature) {
    return feature.in(protocolFeatures);
  }

  /** Virtio feature bits that the back-end offered. */
  public long offeredFeatures() {
    return offeredFeatures;
  }

  /** Virtio feature bits acknowledged by {@link #setFeatures}. */
  public long features() {
    return features;
  }

  /** Protocol feature bits in use. */
  public long protocolFeatures() {
    return protocolFeatures;
  }

  /** How many queues the back-end has at most; 1 without MQ. */
  public int maxQueues() {
    return maxQueues;
  }

  /** The way to send anything at all. */
  public FrontendConnection connection() {
    return connection;
  }

  /**
   * Sends a message; with REPLY_ACK waits until the back-end has done it.
   *
   * @throws InitiatorException REFUSED when it says that it failed
   */
  public void tell(FrontendMessage message) throws InitiatorException {
    tell(message, List.of());
  }

  /**
   * Sends a message with descriptors; with REPLY_ACK waits until the back-end has done it.
   *
   * @param descriptors stay the caller's
   * @throws InitiatorException REFUSED when it says that it failed
   */
  public void tell(FrontendMessage message, List<FileDescriptor> descriptors)
      throws InitiatorException {
    if (!has(ProtocolFeature.REPLY_ACK)) {
      connection.send(message, false, descriptors);
      return;
    }
    try (Answer answer = connection.ask(message, true, descriptors)) {
      refuseFailure(message, answer.reply());
    }
  }

  private void refuseFailure(FrontendMessage message, Reply reply) throws InitiatorException {
    if (reply instanceof Reply.Word word && word.value() != 0) {
      throw new InitiatorException(
          Kind.REFUSED,
          "%s: the back-end refused %s (%d)".formatted(connection.name(), message, word.value()));
    }
  }

  /** Gives the back-end a region, from this or another back-end, before any queue starts. */
  public void giveInflight(InflightMemory region) throws InitiatorException {
    tell(new FrontendMessage.SetInflightFd(region.area()), List.of(region.file()));
  }

  /** Waits until the back-end has handled everything sent so far, as QEMU does it. */
  public void barrier() throws InitiatorException {
    connection.askWord(new FrontendMessage.GetFeatures());
  }

  /**
   * Acknowledges virtio features: those of the options and of the device that are offered.
   *
   * @param deviceFeatures the device's own bits to ask for
   */
  public void setFeatures(long deviceFeatures) throws InitiatorException {
    features = offeredFeatures & (options.features() | deviceFeatures);
    tellFeatures();
  }

  private void tellFeatures() throws InitiatorException {
    tell(new FrontendMessage.SetFeatures(features | (logging ? LOG_ALL : 0)));
  }

  /**
   * Gives the back-end a log of dirty pages, in place of the one it had.
   *
   * @param file stays the caller's, and stays open while logged to
   * @throws InitiatorException REFUSED when the back-end says no
   */
  public void giveLog(LogArea area, FileDescriptor file) throws InitiatorException {
    FrontendMessage message = new FrontendMessage.SetLogBase(area);
    // It has an answer of its own, whether one is asked for or not.
    try (Answer answer = connection.ask(message, has(ProtocolFeature.REPLY_ACK), List.of(file))) {
      refuseFailure(message, answer.reply());
    }
  }

  /**
   * Has the back-end log all that it writes, or nothing, from when this returns: buffers by
   * F_LOG_ALL and rings by the flag of each, as QEMU does it.
   */
  public void logging(boolean on) throws InitiatorException {
    boolean before = logging;
    logging = on;
    try {
      tellFeatures();
      for (Map.Entry<Integer, VringLayout> ring : rings.entrySet()) {
        tellAddresses(ring.getKey(), ring.getValue());
      }
      barrier();
    } catch (InitiatorException e) {
      logging = before;
      throw e;
    }
  }

  private void tellAddresses(int index, VringLayout ring) throws InitiatorException {
    // The user address of shared memory is its host address: see GuestMemory.
    int flags = logging ? VringAddress.LOG : 0;
    tell(
        new VringMessage.SetVringAddr(
            new VringAddress(index, flags, ring.desc(), ring.used(), ring.avail(), 0)));
  }

  /**
   * Reads the device's configuration.
   *
   * @param offset first byte
   * @param bytes how many; the back-end must give all of them
   */
  public ByteString getConfig(int offset, int bytes) throws InitiatorException {
    ConfigAccess place = new ConfigAccess(offset, 0, ByteString.zeros(bytes));
    try (Answer answer = connection.ask(new FrontendMessage.GetConfig(place), false, List.of())) {
      if (answer.reply() instanceof Reply.Config config
          && config.access().data().length() == bytes) {
        return config.access().data();
      }
      throw new InitiatorException(
          Kind.REFUSED,
          "%s: the back-end gave no configuration of %d bytes: %s"
              .formatted(connection.name(), bytes, answer.reply()));
    }
  }

  /** Writes the device's configuration as its driver would. */
  public void setConfig(int offset, ByteString data) throws InitiatorException {
    tell(new FrontendMessage.SetConfig(new ConfigAccess(offset, ConfigAccess.WRITABLE, data)));
  }

  /**
   * Makes these regions the memory that the back-end sees, in place of those before: one by one
   * with CONFIGURE_MEM_SLOTS, else in one table.
   *
   * @param regions stay the caller's, and stay open while shared
   */
  public void shareMemory(List<GuestMemory> regions) throws InitiatorException {
    if (has(ProtocolFeature.CONFIGURE_MEM_SLOTS)) {
      for (GuestMemory gone : List.copyOf(shared)) {
        tell(new FrontendMessage.RemMemReg(gone.region()));
        shared.remove(gone);
      }
      for (GuestMemory added : regions) {
        tell(new FrontendMessage.AddMemReg(added.region()), List.of(added.file()));
        shared.add(added);
      }
    } else {
      List<MemoryRegion> table = regions.stream().map(GuestMemory::region).toList();
      List<FileDescriptor> files = regions.stream().map(GuestMemory::file).toList();
      tell(new FrontendMessage.SetMemTable(table), files);
      shared.clear();
      shared.addAll(regions);
    }
    barrier();
  }

  /**
   * Starts a queue: its ring, both event descriptors, enabled.
   *
   * @param index of the queue, below {@link #maxQueues}
   * @param ring in shared memory, by host address
   * @param base where to go on, as SET_VRING_BASE has it
   * @return the queue's event descriptors, closed by the caller after {@link #stopQueue}
   */
  public FrontendQueue startQueue(int index, VringLayout ring, int base) throws InitiatorException {
    if (index > Limits.MAX_VRING_INDEX) {
      throw new IllegalArgumentException("queue " + index);
    }
    FrontendQueue queue;
    try {
      queue = FrontendQueue.create(index);
    } catch (LinuxException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, connection.name() + ": " + e.getMessage(), e);
    }
    try {
      resumeQueue(queue, ring, base);
      return queue;
    } catch (InitiatorException e) {
      queue.close();
      throw e;
    }
  }

  /**
   * Starts a queue that was stopped, with the event descriptors it had.
   *
   * @param ring in shared memory, by host address
   * @param base where to go on, as SET_VRING_BASE has it
   */
  public void resumeQueue(FrontendQueue queue, VringLayout ring, int base)
      throws InitiatorException {
    int index = queue.index();
    tell(new VringMessage.SetVringNum(index, ring.size()));
    tell(new VringMessage.SetVringBase(index, base));
    tellAddresses(index, ring);
    rings.put(index, ring);
    tell(new VringMessage.SetVringCall(index, true), List.of(queue.call()));
    tell(new VringMessage.SetVringKick(index, true), List.of(queue.kick()));
    if ((features & 1L << ProtocolFeature.VIRTIO_BIT) != 0) {
      tell(new VringMessage.SetVringEnable(index, true));
    }
    barrier();
  }

  /**
   * Stops a queue: the back-end finishes what it has, and touches the ring no more.
   *
   * @return where it stands, as GET_VRING_BASE has it
   */
  public int stopQueue(int index) throws InitiatorException {
    return stopQueue(new VringMessage.GetVringBase(index));
  }

  /**
   * Stops a queue without waiting for what the back-end has in flight: that stays noted in the
   * in-flight region, and whoever the queue is started with next finishes it.
   *
   * @return as for {@link #stopQueue}
   * @throws InitiatorException UNSUPPORTED without GET_VRING_BASE_SKIP_DRAIN
   */
  public int suspendQueue(int index) throws InitiatorException {
    if (!has(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN)) {
      throw new InitiatorException(
          Kind.UNSUPPORTED, connection.name() + ": GET_VRING_BASE_SKIP_DRAIN is not negotiated");
    }
    return stopQueue(new VringMessage.GetVringBaseSkipDrain(index));
  }

  private int stopQueue(VringMessage message) throws InitiatorException {
    int index = message.index();
    rings.remove(index);
    try (Answer answer = connection.ask(message, false, List.of())) {
      if (answer.reply() instanceof Reply.Vring vring && vring.state().index() == index) {
        return vring.state().number();
      }
      throw new InitiatorException(
          Kind.PROTOCOL,
          "%s: %s answered by %s".formatted(connection.name(), message, answer.reply()));
    }
  }

  /**
   * Looks for a request of the back-end, and acknowledges it if it wants that. Does not wait.
   *
   * @return empty when there is none, or no BACKEND_REQ; descriptors that came along are closed
   */
  public Optional<BackendMessage> backendRequest() throws InitiatorException {
    BackendRequests requests = backendRequests;
    return requests == null ? Optional.empty() : requests.next();
  }

  /**
   * The descriptor on which {@link #backendRequest} has something to read; -1 without BACKEND_REQ.
   * It stays this front-end's.
   */
  public int backendRequestDescriptor() {
    return backendRequests == null ? -1 : backendRequests.descriptorNumber();
  }

  /** Closes the connection as it is; shared memory stays its owner's. */
  @Override
  public void close() {
    connection.close();
    if (backendRequests != null) {
      backendRequests.close();
    }
  }
}
