package io.millrace.vhost.user.server;

import io.millrace.reactor.FaultListener;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device behind one socket, for up to {@value #MAX_SESSIONS} front-ends at the same time.
 * Control thread only.
 */
public final class VhostServer {
  private static final Logger LOG = LoggerFactory.getLogger(VhostServer.class);

  /** Most front-ends on one socket. */
  private static final int MAX_SESSIONS = 64;

  /** Most front-ends accepted in a row; what is left is reported again. */
  private static final int ACCEPT_BATCH = 16;

  private static final long ACCEPT_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final VhostSocket socket;
  private final VhostDevice device;
  private final Reactor control;
  private final List<Reactor> reactors;
  private final StallWatch stalls;
  private final DeviceStatistics statistics;
  private final boolean quiet;
  private final Set<Session> sessions = new LinkedHashSet<>();
  private final Set<Session> ending = new LinkedHashSet<>();
  private final Set<RingRunner> hanging =
      new HashSet<>(); // stopped, with requests that are not back
  private final FaultListener faultListener;
  private final FdWatch watch;
  private int nextId;
  private boolean closing;
  private @Nullable Runnable closed;

  /**
   * Serves who connects to a socket.
   *
   * @param socket belongs to the server from now on
   * @param control the reactor that the caller runs on
   * @param reactors all that the device's queues may run on
   * @param stalls watches these, and perhaps others
   * @param statistics of the device
   * @param quiet whether nobody needs to hear that a front-end came or went: logged at debug level
   */
  public VhostServer(
      VhostSocket socket,
      VhostDevice device,
      Reactor control,
      List<Reactor> reactors,
      StallWatch stalls,
      DeviceStatistics statistics,
      boolean quiet)
      throws IOException {
    this.socket = socket;
    this.device = device;
    this.control = control;
    this.reactors = List.copyOf(reactors);
    this.stalls = stalls;
    this.statistics = statistics;
    this.quiet = quiet;
    this.faultListener = () -> control.execute(this::memoryFault);
    this.watch = control.watch(socket.descriptorNumber(), (readable, writable) -> accept());
    for (Reactor reactor : this.reactors) {
      reactor.execute(() -> reactor.addFaultListener(faultListener));
    }
  }

  /** Where it listens or connects to. */
  public Path path() {
    return socket.path();
  }

  /** The sessions there are, for {@code vhost_get_controllers}. */
  public List<SessionInfo> sessions() {
    return sessions.stream().map(Session::info).toList();
  }

  /** The rings that run. */
  public List<MovableRing> rings() {
    return sessions.stream().flatMap(session -> session.movableRings().stream()).toList();
  }

  /** Tells all drivers that the device's configuration changed. */
  public void configChanged() {
    List.copyOf(sessions).forEach(Session::configChanged);
  }

  VhostDevice device() {
    return device;
  }

  DeviceStatistics statistics() {
    return statistics;
  }

  boolean isQuiet() {
    return quiet;
  }

  Reactor control() {
    return control;
  }

  List<Reactor> reactors() {
    return reactors;
  }

  private void accept() {
    try {
      for (int i = 0; i < ACCEPT_BATCH; i++) {
        MessageChannel connected = socket.accept();
        if (connected == null) {
          return;
        }
        open(connected);
      }
    } catch (IOException e) {
      if (!closing) {
        // Out of descriptors, most likely: the watch would report the same at once, for ever.
        LOG.warn(
            "{}: a front-end cannot be accepted, trying again in 1 s: {}", path(), e.getMessage());
        watch.pause(true);
        control.schedule(ACCEPT_AGAIN_NANOS, this::acceptAgain);
      }
    }
  }

  private void acceptAgain() {
    if (!closing) {
      watch.pause(false);
    }
  }

  private void open(MessageChannel connected) {
    if (sessions.size() >= MAX_SESSIONS) {
      LOG.warn("{}: {} front-ends are connected, one more is turned away", path(), MAX_SESSIONS);
      connected.close();
      return;
    }
    try {
      Session session = new Session(nextId++, this, connected);
      sessions.add(session);
      stalls.add(session);
    } catch (RuntimeException e) {
      // Its socket cannot be watched, most likely: the kernel's max_user_watches.
      LOG.warn("{}: a front-end cannot be served: {}", path(), e.getMessage());
      connected.close();
      socket.released();
    }
  }

  /**
   * Whether all is back that sessions which ended, and rings that were stopped without it, had in
   * flight: before that no ring starts, as an old write could overtake a new one. A front-end that
   * is gone may not have been noticed yet, while a message of its is at hand: two sessions would
   * work the same ring.
   *
   * @param asking whose rings are to start
   */
  boolean isDrained(Session asking) {
    for (Session other : List.copyOf(sessions)) {
      if (other != asking) {
        other.noticeHangUp();
      }
    }
    return ending.isEmpty() && hanging.isEmpty();
  }

  /** A ring was stopped and its storage keeps some of its requests. */
  void hangs(RingRunner ring) {
    hanging.add(ring);
  }

  /** They are back. */
  void cameBack(RingRunner ring) {
    hanging.remove(ring);
    startIfDrained();
  }

  private void startIfDrained() {
    if (ending.isEmpty() && hanging.isEmpty()) {
      List.copyOf(sessions).forEach(Session::startPending);
    }
  }

  void sessionEnding(Session session) {
    sessions.remove(session);
    ending.add(session);
  }

  void sessionEnded(Session session) {
    ending.remove(session);
    stalls.remove(session);
    socket.released();
    startIfDrained();
    tellIfClosed();
  }

  private void memoryFault() {
    List.copyOf(sessions).forEach(Session::memoryFault);
  }

  /**
   * Takes no more front-ends, stops all queues in order, ends all sessions. After some seconds what
   * still hangs is ended without waiting for its storage.
   *
   * @param done runs when nothing of the server is left
   */
  public void close(Runnable done) {
    closing = true;
    closed = done;
    watch.close();
    socket.close();
    for (Reactor reactor : reactors) {
      reactor.execute(() -> reactor.removeFaultListener(faultListener));
    }
    List<Session> open = new ArrayList<>(sessions);
    open.forEach(Session::shutDown);
    control.schedule(DRAIN_NANOS, () -> open.forEach(Session::close));
    tellIfClosed();
  }

  private void tellIfClosed() {
    Runnable tell = closed;
    if (tell != null && sessions.isEmpty() && ending.isEmpty()) {
      closed = null;
      tell.run();
    }
  }
}
