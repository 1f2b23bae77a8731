package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.ThreadId;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.QueueState;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The control thread's handle of a ring that runs: sends messages to its worker's reactor, and
 * their answers back. A reactor runs its messages in order, so what is sent after a start finds it
 * done.
 *
 * <p>While the ring moves ({@link RingMove}) nobody knows which reactor a message is for. It waits
 * until the move has ended, and has it called off, as far as that still can be.
 */
final class RingRunner implements MovableRing {
  private final DeviceSession device;
  private final WorkerEvents events;
  private final QueueStatistics statistics;
  private final Reactor control;
  private final long id = ThreadId.next();
  private final long sinceNanos = System.nanoTime();
  private List<Reactor> reactors;
  private final Queue<Runnable> afterMove = new ArrayDeque<>();
  private VringSetup setup; // as the worker has it, once it has read its messages
  private Reactor reactor;
  private @Nullable RingMove move;
  private boolean stopping;
  private volatile boolean muted;
  private volatile @Nullable VringWorker worker; // used on its reactor; peeked for counts

  /** Gets the outcome of a start. */
  interface Started {
    /** Runs on the control thread; the reason is null on success. */
    void started(@Nullable String failure);
  }

  /**
   * A ring, not started.
   *
   * @param events told of what the session has to know
   * @param statistics of its queue
   * @param reactors where it may run; at least one
   */
  RingRunner(
      VringSetup setup,
      DeviceSession device,
      WorkerEvents events,
      QueueStatistics statistics,
      Reactor control,
      List<Reactor> reactors) {
    this.setup = setup;
    this.device = device;
    this.events = events;
    this.statistics = statistics;
    this.control = control;
    this.reactors = reactors;
    this.reactor = control; // until it is started
  }

  void start(Reactor where, Started done) {
    reactor = where;
    VringSetup first = setup;
    where.execute(() -> {
      String failure = startHere(first, where);
      control.execute(() -> done.started(failure));
    });
  }

  /** Starts the worker on the calling thread, the reactor's; why it does not, or null. */
  @Nullable String startHere(VringSetup from, Reactor where) {
    QueueCounters counters = statistics.open(where.name());
    String failure = startHere(from, where, counters);
    if (failure != null) {
      counters.close();
    }
    return failure;
  }

  private @Nullable String startHere(VringSetup from, Reactor where, QueueCounters counters) {
    try {
      VringWorker started = new VringWorker(from, where, device, events, counters);
      worker = started;
      if (muted) {
        started.signals().mute();
      }
      return null;
    } catch (QueueStartException e) {
      return e.getMessage();
    } catch (InternalError e) {
      return from.name() + ": the ring's memory is gone; its file was truncated";
    } catch (RuntimeException | OutOfMemoryError e) {
      return from.name() + " cannot start: " + e; // or its session would wait for ever
    }
  }

  /** The worker; the calling thread is its reactor's. */
  @Nullable VringWorker worker() {
    return worker;
  }

  // ---- moving -----------------------------------------------------------------------------------

  @Override
  public void moveTo(Reactor target, Consumer<Boolean> done) {
    if (move != null || stopping || target.equals(reactor)) {
      done.accept(false);
      return;
    }
    RingMove begun = new RingMove(this, setup, control, reactor, target, events::lostRing);
    move = begun;
    begun.begin(where -> {
      move = null;
      reactor = where;
      while (move == null && !afterMove.isEmpty()) {
        afterMove.remove().run();
      }
      done.accept(where.equals(target));
    });
  }

  private void whenSettled(Runnable action) {
    RingMove underway = move;
    if (underway == null) {
      action.run();
    } else {
      afterMove.add(action);
      underway.callOff();
    }
  }

  @Override
  public String name() {
    return setup.name();
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public long sinceNanos() {
    return sinceNanos;
  }

  @Override
  public Reactor reactor() {
    return reactor;
  }

  @Override
  public List<Reactor> reactors() {
    return reactors;
  }

  @Override
  public void allow(List<Reactor> some) {
    reactors = some;
  }

  @Override
  public long work() {
    VringWorker running = worker;
    return running == null ? 0 : running.work();
  }

  // ---- what the session wants -------------------------------------------------------------------

  /**
   * Stops the worker when all it took is given back, and says where it stands.
   *
   * @param forget has the in-flight region say nothing of that, as the front-end does
   */
  void drain(boolean forget, Consumer<QueueState> done) {
    stopping = true;
    onWorker(
        running -> running.drain(forget, state -> control.execute(() -> done.accept(state))),
        () -> {});
  }

  /**
   * Has a {@link #drain} under way end as {@link VringWorker#suspend} says.
   *
   * @param done gets where the ring stands, unless the drain is over already
   */
  void suspend(Consumer<QueueState> done) {
    onWorker(
        running -> running.suspend(state -> control.execute(() -> done.accept(state))), () -> {});
  }

  /** Stops the worker without touching the guest's memory again. */
  void abandon(Runnable done) {
    stopping = true;
    onWorker(running -> running.abandon(answer(done)), answer(done));
  }

  /** Changes the worker's memory; answers when nothing in flight points into what is going. */
  void relocate(GuestMemoryMap map, boolean mayVanish, GoingMemory going, Runnable done) {
    whenSettled(() -> {
      setup = setup.in(map, mayVanish);
      onWorker(running -> running.relocate(map, mayVanish, going, answer(done)), answer(done));
    });
  }

  /** Changes what the worker logs; answers when it keeps to that. */
  void log(RingLog log, boolean mayVanish, Runnable done) {
    whenSettled(() -> {
      setup = setup.logging(log, mayVanish);
      onWorker(running -> running.log(log, mayVanish), () -> {});
      reactor.execute(answer(done));
    });
  }

  /** Ends early what can be ended of that which points into memory that is going. */
  void cancelMarked() {
    onWorker(VringWorker::cancelMarked, () -> {});
  }

  /** Changes the descriptor of kicks; answers when the old one is not used any more. */
  void kick(int descriptor, Runnable done) {
    whenSettled(() -> {
      setup = setup.with(descriptor, setup.call());
      onWorker(running -> running.kick(descriptor), () -> {});
      reactor.execute(answer(done));
    });
  }

  /** Changes the descriptor of calls; answers when the old one is not used any more. */
  void call(int descriptor, Runnable done) {
    whenSettled(() -> {
      setup = setup.with(setup.kick(), descriptor);
      onWorker(running -> running.call(descriptor), () -> {});
      reactor.execute(answer(done));
    });
  }

  /** Requests in flight, approximately. */
  int inFlight() {
    VringWorker running = worker;
    return running == null ? 0 : running.inFlight();
  }

  /** Requests in flight that point into memory that is going, approximately. */
  int marked() {
    VringWorker running = worker;
    return running == null ? 0 : running.marked();
  }

  /** Whether a call to the driver keeps the reactor waiting, now and at the last look. */
  boolean isHeldUp() {
    VringWorker running = worker;
    return running != null && running.signals().isHeldUp();
  }

  /** Calls the driver no more. */
  void mute() {
    muted = true; // before the look at the worker: one that starts looks the other way round
    VringWorker running = worker;
    if (running != null) {
      running.signals().mute();
    }
  }

  /** Lets a call that keeps the reactor waiting return. */
  void release() {
    VringWorker running = worker;
    if (running != null) {
      running.signals().release();
    }
  }

  private Runnable answer(Runnable done) {
    return () -> control.execute(done);
  }

  private void onWorker(Consumer<VringWorker> action, Runnable otherwise) {
    whenSettled(() ->
        reactor.execute(() -> {
          VringWorker running = worker;
          if (running != null) {
            action.accept(running);
          } else {
            otherwise.run();
          }
        }));
  }
}
