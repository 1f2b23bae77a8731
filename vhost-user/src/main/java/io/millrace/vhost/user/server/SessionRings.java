package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.virtqueue.InflightPlace;
import io.millrace.virtqueue.QueueState;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rings of one session: which there are, which run, starting and stopping them. */
final class SessionRings {
  private static final Logger LOG = LoggerFactory.getLogger(SessionRings.class);

  /** Of all rings that run: 256 queues of 1024, the most that QEMU has. Each costs some heap. */
  private static final int MOST_DESCRIPTORS = 256 << 10;

  private final String sessionName;
  private final VhostServer server;
  private final Reactor control;
  private final VhostDevice device;
  private final DeviceSession deviceSession;
  private final SharedMemory memory;
  private final SessionLog log;
  private final SessionInflight inflight;
  private final Consumer<String> fail;
  private final Map<Integer, Vring> rings = new TreeMap<>();

  /**
   * No rings yet.
   *
   * @param fail ends the session, with a reason
   */
  SessionRings(
      String sessionName,
      VhostServer server,
      DeviceSession deviceSession,
      SharedMemory memory,
      SessionLog log,
      SessionInflight inflight,
      Consumer<String> fail) {
    this.sessionName = sessionName;
    this.server = server;
    this.control = server.control();
    this.device = server.device();
    this.deviceSession = deviceSession;
    this.memory = memory;
    this.log = log;
    this.inflight = inflight;
    this.fail = fail;
  }

  /** The ring of an index; made when a message names it first. */
  Vring ring(int index) throws SessionException {
    if (index >= device.queueCount()) {
      throw new SessionException(
          "ring " + index + " is named, but the device has " + device.queueCount() + " queues");
    }
    return rings.computeIfAbsent(index, Vring::new);
  }

  /** All rings that were named. */
  List<Vring> all() {
    return List.copyOf(rings.values());
  }

  private List<Vring> running() {
    return rings.values().stream().filter(ring -> ring.runner != null).toList();
  }

  /** Those that run, for whoever spreads them over the reactors. */
  List<MovableRing> movable() {
    List<MovableRing> movable = new ArrayList<>();
    for (Vring ring : rings.values()) {
      RingRunner runner = ring.runner;
      if (runner != null) {
        movable.add(runner);
      }
    }
    return movable;
  }

  /** Whether some ring runs. */
  boolean anyRunning() {
    return !running().isEmpty();
  }

  /** Requests in flight on all rings, approximately. */
  int inFlight() {
    return sum(RingRunner::inFlight);
  }

  private int sum(ToIntFunction<RingRunner> count) {
    return runners().stream().mapToInt(count).sum();
  }

  /** Of the rings that run, and of those that were stopped without some of their requests. */
  private List<RingRunner> runners() {
    return rings.values().stream()
        .flatMap(ring -> Stream.of(ring.runner, ring.hanging))
        .filter(Objects::nonNull)
        .toList();
  }

  /** Starts every ring that has all it needs; {@code done} runs when they run. */
  void startReady(long features, Runnable done) {
    List<Vring> ready = ready();
    int descriptors = Stream.concat(running().stream(), ready.stream()).mapToInt(r -> r.size).sum();
    if (descriptors > MOST_DESCRIPTORS) {
      fail.accept(
          "its queues have %d descriptors in all, of %d that there may be"
              .formatted(descriptors, MOST_DESCRIPTORS));
      ready = List.of();
    }
    Countdown started = new Countdown(done);
    for (Vring ring : ready) {
      start(ring, features, started);
    }
    started.ready();
  }

  private List<Vring> ready() {
    return memory.map().regions().isEmpty()
        ? List.of()
        : rings.values().stream()
            .filter(ring -> ring.isReady() && !log.keepsWaiting(ring.index))
            .toList();
  }

  private void start(Vring ring, long features, Countdown started) {
    InflightPlace place;
    try {
      place = inflight.of(ring, RingFormat.of(features));
    } catch (SessionException e) {
      fail.accept(String.valueOf(e.getMessage()));
      return;
    }
    VringAddresses addresses = Objects.requireNonNull(ring.addresses); // isReady says so
    VringSetup setup =
        new VringSetup(
            sessionName + " queue " + ring.index,
            ring.index,
            ring.size,
            addresses,
            ring.base,
            features,
            memory.map(),
            mayVanish(),
            Vring.numberOf(ring.kick),
            Vring.numberOf(ring.call),
            log.of(ring.index),
            place,
            device::coalescing);
    ring.features = features;
    RingRunner runner =
        new RingRunner(
            setup,
            deviceSession,
            new RingEvents(setup.name(), ring, control, fail),
            server.statistics().queue(ring.index),
            control,
            server.reactors());
    ring.runner = runner;
    Runnable one = started.one();
    runner.start(
        device.reactorFor(ring.index),
        failure -> {
          if (failure != null) {
            ring.runner = null;
            fail.accept(failure);
          }
          one.run();
        });
  }

  /**
   * Stops a ring in order; its index stands where it stopped when {@code done} runs.
   *
   * @param forget whether the front-end says where the ring goes on, and not its in-flight region
   */
  void stop(Vring ring, boolean forget, Runnable done) {
    RingRunner runner = ring.runner;
    if (runner == null) {
      done.run();
      return;
    }
    runner.drain(
        forget,
        state -> {
          ring.base = RingFormat.of(ring.features).base(state);
          ring.runner = null;
          done.run();
        });
  }

  /** As {@link #stop}, all rings; their in-flight region stays as it is. */
  void stopAll(Runnable done) {
    Countdown stopped = new Countdown(done);
    for (Vring ring : running()) {
      stop(ring, false, stopped.one());
    }
    stopped.ready();
  }

  /**
   * As {@link #stop}, but waits for no storage ({@link RingSuspension}); the ring has an in-flight
   * region.
   */
  void suspend(Vring ring, Runnable done) {
    RingRunner runner = ring.runner;
    if (runner == null) {
      done.run();
      return;
    }
    RingSuspension.begin(
        runner,
        control,
        new RingSuspension.Outcome() {
          @Override
          public void suspended(QueueState stand, int hangs) {
            ring.base = RingFormat.of(ring.features).base(stand);
            ring.runner = null;
            if (hangs > 0) {
              ring.hanging = runner;
              server.hangs(runner);
              LOG.warn(
                  "{}: stopped without {} request(s) that its storage does not give back; it does"
                      + " not start again before they are back",
                  runner.name(),
                  hangs);
            }
            done.run();
          }

          @Override
          public void returned() {
            LOG.info("{}: its storage gave back what it had", runner.name());
            ring.hanging = null;
            server.cameBack(runner);
          }
        });
  }

  /** Stops all rings without touching the guest's memory again, and closes their descriptors. */
  void abandonAll(Runnable done) {
    Countdown abandoned =
        new Countdown(() -> {
          rings.values().forEach(Vring::close);
          done.run();
        });
    runners().forEach(runner -> runner.abandon(abandoned.one()));
    abandoned.ready();
  }

  /**
   * Lets running rings go on with the memory there is now.
   *
   * @param done runs when all do, and nothing in flight points into what is going
   */
  void relocateAll(GoingMemory going, Runnable done) {
    Countdown moved = new Countdown(done);
    runners().forEach(runner -> runner.relocate(memory.map(), mayVanish(), going, moved.one()));
    moved.ready();
  }

  /** Lets running rings keep to what the log wants now; {@code done} runs when all do. */
  void logAll(Runnable done) {
    Countdown switched = new Countdown(done);
    for (Vring ring : running()) {
      log(ring, switched.one());
    }
    switched.ready();
  }

  /** As {@link #logAll}, one ring, which need not run. */
  void log(Vring ring, Runnable done) {
    RingRunner runner = ring.runner;
    if (runner == null) {
      done.run();
    } else {
      runner.log(log.of(ring.index), mayVanish(), done);
    }
  }

  private boolean mayVanish() {
    return memory.mayVanish() || log.mayVanish() || inflight.mayVanish();
  }

  /** Ends early what can be ended of that which points into memory that is going. */
  void cancelMarked() {
    runners().forEach(RingRunner::cancelMarked);
  }

  /** Requests in flight that point into memory that is going, approximately. */
  int marked() {
    return sum(RingRunner::marked);
  }

  /**
   * Looks whether a driver's call keeps a reactor waiting, now and at the last look, and lets that
   * go on; none of the rings calls any more then, or the next would wait as well.
   *
   * @return what the session has to end for, or null when all is well
   */
  @Nullable String releaseHeldUp() {
    String found = null;
    for (Vring ring : running()) {
      RingRunner runner = ring.runner;
      if (runner != null && runner.isHeldUp()) {
        running().forEach(SessionRings::mute);
        runner.release();
        found =
            "queue %d: its call eventfd is full and was made blocking, and kept a reactor waiting"
                .formatted(ring.index);
      }
    }
    return found;
  }

  private static void mute(Vring ring) {
    RingRunner runner = ring.runner;
    if (runner != null) {
      runner.mute();
    }
  }
}
